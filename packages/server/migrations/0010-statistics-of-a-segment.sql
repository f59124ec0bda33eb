-- What the planner knows of a segment's ids must not wait for autovacuum: only the owner may analyze its tables.
-- `skip_locked`: a table that another session analyzes needs no second analysis.
create function analyze_segment(segment_number integer) returns void language plpgsql security definer set search_path = bitacora as $$
begin
  execute format('analyze (skip_locked) %I', 'entry_' || segment_number);
end $$;
revoke execute on function analyze_segment from public;
grant execute on function analyze_segment to {{maintenance}};
