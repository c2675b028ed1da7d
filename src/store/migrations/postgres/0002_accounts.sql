-- Passwords (Argon2id), by person. No row: the person has not set one yet.
create table credentials (
  tenant integer not null, person uuid not null, hash text not null, changed bigint not null,
  primary key (tenant, person)
);

-- Sessions, by the SHA-256 of their cookie. All moments are real time.
create table sessions (
  digest bytea primary key, tenant integer not null, person uuid not null, begun bigint not null, seen bigint not null, agent text not null
);
create index sessions_person on sessions (tenant, person);
create index sessions_seen on sessions (seen);

-- Links that left by mail, by the SHA-256 of their token. purpose: 1 invitation, 2 reset.
create table mail_links (
  digest bytea primary key, tenant integer not null, person uuid not null, purpose smallint not null, expires bigint not null
);
create index mail_links_person on mail_links (tenant, person);
create index mail_links_expires on mail_links (expires);

-- Failed tries, by the SHA-256 of a login or an address: also of logins nobody has, so that both are answered alike.
create table sign_in_tries (
  key bytea primary key, failures bigint not null, since bigint not null, paused_until bigint not null
);
create index sign_in_tries_since on sign_in_tries (since);

-- Resets asked for and not looked at yet, as typed.
create table reset_asks (id uuid primary key, asked text not null, at bigint not null);
