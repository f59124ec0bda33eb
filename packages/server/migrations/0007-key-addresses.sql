-- From which networks a key is taken (null: from anywhere), and when it was used last, to the minute.
alter table api_key add column addresses text[], add column last_used_at timestamptz;
grant update (last_used_at) on api_key to {{writer}};
