-- One column of each built-in type whose values need not look the same to everybody.
create type pair as (a int, "b c" text, at timestamptz);
create domain pairs as pair[];
create table builtins (
    id int primary key,
    p pair, ps pairs,
    ip inet, net cidr, mac macaddr, mac8 macaddr8,
    bits bit(5), varbits bit varying,
    pt point, ln line, sg lseg, bx box, pth path, poly polygon, circ circle,
    tv tsvector, tq tsquery,
    ch char(6), one "char", nm name, o oid,
    tm time, tmz timetz(3), iv interval(3), dates daterange, nums numrange, moments timestamptz[],
    floats float8[], lsn pg_lsn, snap pg_snapshot, xid xid8, path jsonpath
);
