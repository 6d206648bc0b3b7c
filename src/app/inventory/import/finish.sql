-- $1: the import, $2 to $5: products and rows added, changed, unchanged, left out, $6: how to undo it.
with told as (
    update public.imports
    set state = 'done', rows_done = rows_all, added = $2, changed = $3, unchanged = $4, left_out = $5
    where id = $1
    returning id
)
update public.import_files f set done = $6, stale = '{}' from told where f.import = told.id
