-- $1: whose it is, $2: their name, $3: the file's name, $4: what stands in it, $5: the products that it is about, as JSON.
with made as (
    insert into public.imports (who, who_name, file_name) values ($1, $2, $3) returning id
)
insert into public.import_files (import, content, seen)
select id, $4, $5 from made
returning import
