-- A paused webhook's messages cost the others nothing: what waits is found by its subscription, and a claim never meets those of one that is told nothing.
drop index hook_messages_open;
create index hook_messages_turn on hook_messages (tenant, hook, next_attempt_at) where state = 0;
