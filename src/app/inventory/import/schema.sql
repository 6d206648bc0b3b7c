-- Files of products that people import. What stands in them is theirs alone; that there is an import, and how far it is, everybody sees who
-- works here.
create table public.imports (
    id bigint generated always as identity
        constraint imports_pkey primary key,
    at timestamptz not null default now(),
    who text,
    who_name text not null,
    file_name text not null,
    state text not null default 'ready'
        constraint imports_state check (state in ('ready', 'running', 'done', 'undone')),
    rows_all integer not null default 0,
    rows_done integer not null default 0,
    beat_at timestamptz,
    added integer not null default 0,
    changed integer not null default 0,
    unchanged integer not null default 0,
    left_out integer not null default 0,
    kept integer not null default 0
);
comment on table public.imports is 'Files of products that people import. They are kept for a day.';
comment on column public.imports.who is 'An account, or token: and its number; null for nobody in particular.';
comment on column public.imports.state is 'ready for its import, running, done, or undone.';
comment on column public.imports.rows_all is 'How many rows are written by an import that runs.';
comment on column public.imports.rows_done is 'How many of these are written, and seen by nobody before all are.';
comment on column public.imports.beat_at is 'When an import that runs was heard of last.';
comment on column public.imports.left_out is 'Rows with errors, which whoever imported the others left out.';
comment on column public.imports.kept is 'Products that stayed as somebody else had changed them, or were gone, when the import was undone.';

create table public.import_files (
    import bigint not null
        constraint import_files_pkey primary key
        constraint import_files_import_fkey references public.imports (id) on delete cascade,
    content text not null,
    seen text not null,
    stale bigint[] not null default '{}',
    done text
);
comment on table public.import_files is 'What stands in the files of imports. Not for other eyes than those of whoever brought them.';
comment on column public.import_files.seen is 'The products that the file is about, as the preview showed them, as JSON.';
comment on column public.import_files.stale is 'The lines about products that somebody changed after they were shown.';
comment on column public.import_files.done is 'What was written, as JSON: how to undo it.';
