-- $1: the import, $2: whose it is.
select i.file_name, i.state, i.rows_all, i.rows_done, i.added, i.changed, i.unchanged, i.left_out, i.kept,
    i.state = 'running' and (i.beat_at is null or i.beat_at < now() - interval '15 seconds') as is_interrupted,
    f.content, f.seen, f.stale, f.done
from public.imports i
join public.import_files f on f.import = i.id
where i.id = $1 and i.who is not distinct from $2
