create table meta (key text primary key, value text not null) without rowid;

create table organizations (
  id text primary key,
  slug text not null unique,
  -- the organization of ConfigHub whose sessions alone are taken; null: any
  confighub_org text,
  created_at real not null
) without rowid;

create table users (
  id text primary key,
  name text not null unique,
  created_at real not null,
  disabled_at real
) without rowid;

create table members (
  org_id text not null references organizations,
  user_id text not null references users,
  is_admin integer not null default 0,
  created_at real not null,
  primary key (org_id, user_id)
) without rowid;
create index members_by_user on members (user_id);

create table teams (
  id text primary key,
  org_id text not null references organizations,
  slug text not null,
  created_at real not null,
  unique (org_id, slug)
) without rowid;

create table team_members (
  team_id text not null references teams,
  user_id text not null references users,
  created_at real not null,
  primary key (team_id, user_id)
) without rowid;
create index team_members_by_user on team_members (user_id);

-- only the SHA-256 of a token, a code or a cookie is kept
create table tokens (
  id text primary key,
  hash text not null unique,
  user_id text not null references users,
  org_id text not null references organizations,
  name text not null,
  created_at real not null,
  last_used_at real not null,
  expires_at real not null,
  revoked_at real
) without rowid;
create index tokens_by_user on tokens (user_id);

create table browser_sessions (
  hash text primary key,
  user_id text not null references users,
  org_id text not null references organizations,
  -- the token it came from ends it too; null: it came from a link of an administrator
  token_id text references tokens,
  created_at real not null,
  last_used_at real not null,
  expires_at real not null
) without rowid;

create table sign_in_links (
  hash text primary key,
  user_id text not null references users,
  org_id text not null references organizations,
  token_id text references tokens,
  expires_at real not null
) without rowid;

create table device_logins (
  hash text primary key,
  code_hash text not null unique,
  device_name text not null,
  address text not null,
  state text not null check (state in ('pending', 'approved', 'denied')),
  user_id text references users,
  org_id text references organizations,
  polled_at real,
  interval_s real not null,
  expires_at real not null
) without rowid;

create table sessions (
  id text primary key,
  org_id text not null references organizations,
  session_id text not null,
  owner_id text not null references users,
  owner text not null,
  created_by text not null references users,
  scope text not null default 'personal' check (scope in ('personal', 'team', 'org')),
  team_id text references teams,
  team text,
  allow_resume integer not null default 0,
  -- what the hub reads out of the document
  started_at text not null,
  cluster text not null,
  step text not null,
  detected integer not null,
  selected integer not null,
  imported integer not null,
  is_complete integer not null,
  error text,
  document blob not null,
  size integer not null,
  sha256 text not null,
  version integer not null,
  writer_id text not null,
  writer text not null,
  writer_device text,
  writer_device_name text,
  lease_hash text,
  lease_user_id text,
  lease_user text,
  lease_device text,
  lease_device_name text,
  lease_since real,
  lease_expires_at real,
  fence integer not null default 0,
  -- one offer at most is open
  handoff_from text,
  handoff_to text,
  handoff_user text,
  handoff_note text,
  handoff_expires_at real,
  -- every change counts here: what was decided on an older count is decided again
  changes integer not null default 1,
  created_at real not null,
  updated_at real not null,
  check ((scope = 'team') = (team_id is not null))
);
create index sessions_of_owner on sessions (org_id, owner_id, is_complete, created_at desc, id desc);
create index sessions_of_team on sessions (team_id, is_complete, created_at desc, id desc)
  where scope = 'team';
create index sessions_of_org on sessions (org_id, is_complete, created_at desc, id desc)
  where scope = 'org';
create index sessions_offered on sessions (handoff_to) where handoff_to is not null;
create index sessions_by_name on sessions (owner_id, session_id);
create index sessions_held on sessions (lease_user_id) where lease_user_id is not null;

-- the last 16 saves of each session: whose answer was lost may send them again
create table recent_saves (
  id text not null references sessions on delete cascade,
  slot integer not null,
  version integer not null,
  sha256 text not null,
  user_id text not null,
  device text not null,
  primary key (id, slot)
) without rowid;

-- and the newest of each user and device that is not the last writer's
create table newest_saves (
  id text not null references sessions on delete cascade,
  user_id text not null,
  device text not null,
  version integer not null,
  sha256 text not null,
  primary key (id, user_id, device)
) without rowid;

create table versions (
  id text not null references sessions on delete cascade,
  version integer not null,
  document blob not null,
  sha256 text not null,
  step text not null,
  writer_id text not null,
  writer text not null,
  writer_device text,
  writer_device_name text,
  saved_at real not null,
  kept_at real not null,
  reason text not null,
  primary key (id, version)
);
create index versions_by_age on versions (kept_at);

-- who gave a session away is told so, also when it is not shown to them any more
create table handovers (
  id text not null references sessions on delete cascade,
  from_user text not null references users,
  to_user text not null,
  at real not null,
  primary key (id, from_user)
) without rowid;
create index handovers_by_giver on handovers (from_user);

create table tombstones (
  id text primary key,
  org_id text not null,
  session_id text not null,
  owner_id text not null,
  scope text not null,
  team_id text,
  allow_resume integer not null,
  version integer not null,
  deleted_by text not null,
  deleted_at real not null
) without rowid;
create index tombstones_by_name on tombstones (owner_id, session_id);
create index tombstones_by_age on tombstones (deleted_at);

-- whose session it was that retention removed: its logs and records are still there, and whoever
-- made another one under its id would read them
create table former_sessions (
  id text primary key,
  org_id text not null,
  owner_id text not null,
  removed_at real not null
) without rowid;
create index former_sessions_by_age on former_sessions (removed_at);

-- logs outlive their session: they are the long-term archive
create table logs (
  log_id text primary key,
  org_id text not null,
  id text not null,
  user_id text not null,
  device text not null,
  name text not null,
  size integer not null,
  is_complete integer not null,
  result text,
  created_at real not null,
  updated_at real not null,
  -- of a person's device: what a device is called is only what somebody says
  unique (id, user_id, device, name)
) without rowid;
create index logs_by_age on logs (created_at);

create table log_pieces (
  log_id text not null references logs on delete cascade,
  start integer not null,
  size integer not null,
  bytes blob not null,
  primary key (log_id, start)
);

create table audit (
  -- a UUID of version 7: its order is that of time
  audit_id text primary key,
  at real not null,
  org_id text not null,
  id text,
  actor text,
  token_id text,
  action text not null,
  version integer,
  device text,
  address text,
  detail text not null
) without rowid;
create index audit_of_session on audit (id, audit_id desc) where id is not null;
create index audit_of_org on audit (org_id, audit_id desc);
create index audit_by_age on audit (at);
