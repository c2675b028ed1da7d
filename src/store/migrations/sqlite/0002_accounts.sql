-- Passwords (Argon2id), by person. No row: the person has not set one yet.
create table credentials (
  tenant integer not null, person blob not null, hash text not null, changed integer not null,
  primary key (tenant, person)
) without rowid;

-- Sessions, by the SHA-256 of their cookie. All moments are real time.
create table sessions (
  digest blob primary key, tenant integer not null, person blob not null, begun integer not null, seen integer not null, agent text not null
) without rowid;
create index sessions_person on sessions (tenant, person);
create index sessions_seen on sessions (seen);

-- Links that left by mail, by the SHA-256 of their token. purpose: 1 invitation, 2 reset.
create table mail_links (
  digest blob primary key, tenant integer not null, person blob not null, purpose integer not null, expires integer not null
) without rowid;
create index mail_links_person on mail_links (tenant, person);
create index mail_links_expires on mail_links (expires);

-- Failed tries, by the SHA-256 of a login or an address: also of logins nobody has, so that both are answered alike.
create table sign_in_tries (
  key blob primary key, failures integer not null, since integer not null, paused_until integer not null
) without rowid;
create index sign_in_tries_since on sign_in_tries (since);

-- Resets asked for and not looked at yet, as typed.
create table reset_asks (id blob primary key, asked text not null, at integer not null) without rowid;
