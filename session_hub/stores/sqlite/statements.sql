-- Every statement that the hub runs, by name. `:now` is given by whoever runs it.
-- `{summary}` stands for the statement of that name.

-- name: summary
id, org_id, session_id, owner_id, owner, created_by, scope, team_id, team, allow_resume,
started_at, cluster, step, detected, selected, imported, is_complete, error,
size, sha256, version, writer_id, writer, writer_device, writer_device_name,
lease_hash, lease_user_id, lease_user, lease_device, lease_device_name, lease_since,
lease_expires_at, fence, handoff_from, handoff_to, handoff_user, handoff_note,
handoff_expires_at, changes, created_at, updated_at

-- ---------------------------------------------------------------- sessions, read

-- name: find_session
select {summary} from sessions where id = :id

-- summary and document of the same version
-- name: find_session_with_document
select {summary}, document from sessions where id = :id

-- name: find_document
select document, version, sha256 from sessions where id = :id

-- name: find_ids_by_name
select id from sessions where owner_id = :user_id and session_id = :session_id and org_id = :org_id
order by id limit 3

-- name: find_ids_of_given_by_name
select sessions.id from handovers join sessions on sessions.id = handovers.id
where handovers.from_user = :user_id and session_id = :session_id and org_id = :org_id
order by sessions.id limit 3

-- name: find_tombstone
select * from tombstones where id = :id

-- name: find_former_session
select org_id, owner_id from former_sessions where id = :id

-- name: find_tombstone_by_name
select * from tombstones
where owner_id = :user_id and session_id = :session_id and org_id = :org_id
order by deleted_at desc limit 1

-- name: find_handover
select * from handovers where id = :id and from_user = :user_id

-- name: find_replay
select version from recent_saves
where id = :id and user_id = :user_id and device = :device and sha256 = :sha256
union
select version from newest_saves
where id = :id and user_id = :user_id and device = :device and sha256 = :sha256
order by version desc limit 1

-- name: find_base
select version from recent_saves
where id = :id and version = :version and substr(sha256, 1, 16) = :sha16
union
select version from newest_saves
where id = :id and version = :version and substr(sha256, 1, 16) = :sha16
union
select version from versions
where id = :id and version = :version and substr(sha256, 1, 16) = :sha16
limit 1

-- name: list_current
select {summary} from sessions
where org_id = :org_id and owner_id = :user_id and is_complete = 0 and updated_at > :archived_before
  and (:cluster is null or cluster = :cluster)
union
select {summary} from sessions
where lease_user_id = :user_id and org_id = :org_id and lease_expires_at > :now
  and is_complete = 0 and updated_at > :archived_before
  and (:cluster is null or cluster = :cluster)
order by updated_at desc, id desc limit 50

-- name: filters
(:cursor_at is null or (created_at, id) < (:cursor_at, :cursor_id))
and (:updated_after is null or updated_at > :updated_after)
and (:updated_before is null or updated_at <= :updated_before)
and (:has_error is null or (error is not null) = :has_error)
and (:owner is null or owner = :owner)
and (:cluster is null or cluster = :cluster)
and (:team is null or team = :team)
order by created_at desc, id desc limit :limit

-- name: list_mine
select {summary} from sessions
where org_id = :org_id and owner_id = :user_id and is_complete = :is_complete and {filters}

-- name: list_of_team
select {summary} from sessions
where scope = 'team' and team_id = :team_id and is_complete = :is_complete and {filters}

-- name: list_of_org
select {summary} from sessions
where scope = 'org' and org_id = :org_id and is_complete = :is_complete and {filters}

-- name: list_offered
select {summary} from sessions
where handoff_to = :user_id and org_id = :org_id and handoff_expires_at > :now
  and is_complete = :is_complete and {filters}

-- name: list_versions
select version, sha256, step, writer_id, writer, writer_device, writer_device_name, saved_at, reason
from versions where id = :id order by version desc

-- the newest, or one that was kept
-- name: find_version
select document, version, sha256 from sessions where id = :id and version = :version
union all
select document, version, sha256 from versions where id = :id and version = :version
limit 1

-- ---------------------------------------------------------------- sessions, written

-- a document without an id is found by its name: there can be one such, also when two come at once
-- name: create_session
insert into sessions (
  id, org_id, session_id, owner_id, owner, created_by, started_at, cluster, step, detected,
  selected, imported, is_complete, error, document, size, sha256, version, writer_id, writer,
  writer_device, writer_device_name, created_at, updated_at)
select
  :id, :org_id, :session_id, :writer_id, :writer, :writer_id, :started_at, :cluster, :step,
  :detected, :selected, :imported, :is_complete, :error, :document, :size, :sha256, 1, :writer_id,
  :writer, :writer_device, :writer_device_name, :now, :now
where not (:is_found_by_name and exists (
  select 1 from sessions
  where owner_id = :writer_id and session_id = :session_id and org_id = :org_id))
on conflict do nothing
returning {summary}

-- name: saved
started_at = :started_at, cluster = :cluster, step = :step, detected = :detected,
selected = :selected, imported = :imported, error = :error, document = :document, size = :size,
sha256 = :sha256, version = version + 1, writer_id = :writer_id, writer = :writer,
writer_device = :writer_device, writer_device_name = :writer_device_name, updated_at = :now,
lease_expires_at = case when :renews then :now + :lease_seconds else lease_expires_at end,
changes = changes + 1

-- what most saves are: they touch no index. Whoever saves knows the rest of the row, and to return it
-- would cost half as much as the update
-- name: save_session
update sessions set {saved}
where id = :id and changes = :changes
returning version, changes, updated_at, lease_expires_at

-- a session is complete, or no longer
-- name: save_session_and_completion
update sessions set is_complete = :is_complete, {saved}
where id = :id and changes = :changes
returning version, changes, updated_at, lease_expires_at

-- name: note_save
insert into recent_saves (id, slot, version, sha256, user_id, device)
values (:id, :version % 16, :version, :sha256, :user_id, :device)
on conflict (id, slot) do update set version = excluded.version, sha256 = excluded.sha256,
  user_id = excluded.user_id, device = excluded.device

-- name: note_newest_save
insert into newest_saves (id, user_id, device, version, sha256)
select id, writer_id, writer_device, version, sha256 from sessions
where id = :id and writer_device is not null
on conflict (id, user_id, device) do update set version = excluded.version, sha256 = excluded.sha256

-- keeps what stands there before it is replaced
-- name: keep_version
insert into versions (id, version, document, sha256, step, writer_id, writer, writer_device,
  writer_device_name, saved_at, kept_at, reason)
select id, version, document, sha256, step, writer_id, writer, writer_device, writer_device_name,
  updated_at, :now, :reason from sessions where id = :id
on conflict (id, version) do nothing

-- name: trim_versions
delete from versions where id = :id and version not in
  (select version from versions where id = :id order by version desc limit :versions)

-- name: claim_session
update sessions set changes = changes + 1 where id = :id and changes = :changes
returning {summary}

-- name: bury_session
insert into tombstones (id, org_id, session_id, owner_id, scope, team_id, allow_resume, version,
  deleted_by, deleted_at)
select id, org_id, session_id, owner_id, scope, team_id, allow_resume, version, :user, :now
from sessions where id = :id

-- name: delete_session
delete from sessions where id = :id

-- name: take_lease
update sessions set
  lease_hash = :hash, lease_user_id = :user_id, lease_user = :user, lease_device = :device,
  lease_device_name = :device_name, lease_since = :now, lease_expires_at = :now + :lease_seconds,
  fence = fence + 1, changes = changes + 1
where id = :id and changes = :changes
returning {summary}

-- name: renew_lease
update sessions set lease_expires_at = :now + :lease_seconds, changes = changes + 1
where id = :id and changes = :changes
returning {summary}

-- name: release_lease
update sessions set
  lease_hash = null, lease_user_id = null, lease_user = null, lease_device = null,
  lease_device_name = null, lease_since = null, lease_expires_at = null, changes = changes + 1
where id = :id and changes = :changes
returning {summary}

-- name: share_session
update sessions set scope = :scope, team_id = :team_id, team = :team,
  allow_resume = :allow_resume, changes = changes + 1
where id = :id and changes = :changes
returning {summary}

-- name: offer_handoff
update sessions set handoff_from = :user, handoff_to = :to_id, handoff_user = :to,
  handoff_note = :note, handoff_expires_at = :now + :handoff_seconds, changes = changes + 1
where id = :id and changes = :changes
returning {summary}

-- name: end_handoff
update sessions set handoff_from = null, handoff_to = null, handoff_user = null,
  handoff_note = null, handoff_expires_at = null, changes = changes + 1
where id = :id and changes = :changes
returning {summary}

-- the new owner, by an accepted handoff or a transfer; the giver's lease ends
-- name: give_session
update sessions set owner_id = :to_id, owner = :to,
  handoff_from = null, handoff_to = null, handoff_user = null, handoff_note = null,
  handoff_expires_at = null,
  lease_hash = null, lease_user_id = null, lease_user = null, lease_device = null,
  lease_device_name = null, lease_since = null, lease_expires_at = null, fence = fence + 1,
  changes = changes + 1
where id = :id and changes = :changes
returning {summary}

-- name: note_handover
insert into handovers (id, from_user, to_user, at) values (:id, :from_id, :to, :now)
on conflict (id, from_user) do update set to_user = excluded.to_user, at = excluded.at

-- name: forget_handover
delete from handovers where id = :id and from_user = :user_id

-- name: record
insert into audit (audit_id, at, org_id, id, actor, token_id, action, version, device, address,
  detail)
values (:audit_id, :now, :org_id, :id, :actor, :token_id, :action, :version, :device, :address,
  :detail)

-- ---------------------------------------------------------------- people

-- name: find_member
select users.id, users.name, users.disabled_at, members.is_admin from users
join members on members.user_id = users.id
where members.org_id = :org_id and users.name = :name

-- name: find_meta
select value from meta where key = :key

-- name: set_meta
insert into meta (key, value) values (:key, :value)
on conflict (key) do update set value = excluded.value

-- ---------------------------------------------------------------- who asks

-- `expires_at` is the earlier end of the two: idle, and of its life
-- name: find_bearer
select tokens.id as token_id, tokens.user_id, users.name as user, users.disabled_at,
  tokens.org_id, organizations.slug as org, organizations.confighub_org, members.is_admin,
  tokens.last_used_at, min(tokens.expires_at, tokens.last_used_at + 2592000) as expires_at
from tokens
join users on users.id = tokens.user_id
join organizations on organizations.id = tokens.org_id
join members on members.org_id = tokens.org_id and members.user_id = tokens.user_id
where tokens.hash = :hash and tokens.revoked_at is null

-- name: note_use_of_bearer
update tokens set last_used_at = :now where hash = :hash

-- a browser's session ends with the token it came from
-- name: find_cookie
select browser_sessions.token_id, browser_sessions.user_id, users.name as user, users.disabled_at,
  browser_sessions.org_id, organizations.slug as org, organizations.confighub_org,
  members.is_admin, browser_sessions.last_used_at,
  min(browser_sessions.expires_at, browser_sessions.last_used_at + 43200) as expires_at
from browser_sessions
join users on users.id = browser_sessions.user_id
join organizations on organizations.id = browser_sessions.org_id
join members on members.org_id = browser_sessions.org_id
  and members.user_id = browser_sessions.user_id
left join tokens on tokens.id = browser_sessions.token_id
where browser_sessions.hash = :hash
  and (browser_sessions.token_id is null or (tokens.revoked_at is null
    and min(tokens.expires_at, tokens.last_used_at + 2592000) > :now))

-- name: note_use_of_cookie
update browser_sessions set last_used_at = :now where hash = :hash

-- ---------------------------------------------------------------- signing in

-- name: add_device_login
insert into device_logins (hash, code_hash, device_name, address, state, interval_s, expires_at)
values (:hash, :code_hash, :device_name, :address, 'pending', :interval, :now + :life)
on conflict do nothing

-- an hour longer, so that who asks late is answered that it has expired
-- name: forget_old_device_logins
delete from device_logins where expires_at < :now - 3600

-- name: find_device_login
select device_logins.*, users.name as user, users.disabled_at, members.created_at as member_since
from device_logins
left join users on users.id = device_logins.user_id
left join members on members.org_id = device_logins.org_id
  and members.user_id = device_logins.user_id
where device_logins.hash = :hash

-- name: find_device_login_by_code
select device_name, address, expires_at from device_logins
where code_hash = :code_hash and state = 'pending' and expires_at > :now

-- name: note_poll
update device_logins set polled_at = :now, interval_s = interval_s + :slower where hash = :hash

-- name: answer_device_login
update device_logins set state = :state, user_id = :user_id, org_id = :org_id
where code_hash = :code_hash and state = 'pending' and expires_at > :now

-- name: spend_device_login
delete from device_logins where hash = :hash and state = 'approved'

-- name: add_sign_in_link
insert into sign_in_links (hash, user_id, org_id, token_id, expires_at)
values (:hash, :user_id, :org_id, :token_id, :now + :life)

-- name: forget_old_sign_in_links
delete from sign_in_links where expires_at < :now

-- a link ends with its user and the token it came from
-- name: find_sign_in_link
select sign_in_links.user_id, sign_in_links.org_id, sign_in_links.token_id, users.name as user,
  organizations.slug as org
from sign_in_links
join users on users.id = sign_in_links.user_id and users.disabled_at is null
join organizations on organizations.id = sign_in_links.org_id
join members on members.org_id = sign_in_links.org_id and members.user_id = sign_in_links.user_id
left join tokens on tokens.id = sign_in_links.token_id
where sign_in_links.hash = :hash and sign_in_links.expires_at > :now
  and (sign_in_links.token_id is null or (tokens.revoked_at is null
    and min(tokens.expires_at, tokens.last_used_at + 2592000) > :now))

-- name: spend_sign_in_link
delete from sign_in_links where hash = :hash and expires_at > :now

-- name: add_browser_session
insert into browser_sessions (hash, user_id, org_id, token_id, created_at, last_used_at, expires_at)
values (:hash, :user_id, :org_id, :token_id, :now, :now, :now + :life)

-- name: forget_old_browser_sessions
delete from browser_sessions where min(expires_at, last_used_at + 43200) < :now

-- name: end_browser_session
delete from browser_sessions where hash = :hash

-- name: end_own_browser_sessions
delete from browser_sessions where user_id = :user_id and org_id = :org_id

-- ---------------------------------------------------------------- tokens of a person

-- name: list_own_tokens
select id, name, created_at, last_used_at, min(expires_at, last_used_at + 2592000) as expires_at
from tokens
where user_id = :user_id and org_id = :org_id and revoked_at is null
  and min(expires_at, last_used_at + 2592000) > :now
order by created_at desc, id desc

-- name: find_own_token
select id, name, revoked_at from tokens
where id = :id and user_id = :user_id and org_id = :org_id

-- also one that has ended
-- name: find_token_by_hash
select tokens.id, tokens.user_id, users.name as user, tokens.org_id from tokens
join users on users.id = tokens.user_id
where tokens.hash = :hash

-- browsers and links ask for the token they came from, and end with it
-- name: end_token
update tokens set revoked_at = :now where id = :id and revoked_at is null

-- ---------------------------------------------------------------- teams, and the rest of people

-- name: list_teams_of_user
select teams.id, teams.slug from team_members
join teams on teams.id = team_members.team_id
where teams.org_id = :org_id and team_members.user_id = :user_id

-- name: find_any_organization
select id from organizations limit 1

-- name: find_organization
select * from organizations where slug = :slug

-- name: find_user
select * from users where name = :name

-- name: add_organization
insert into organizations (id, slug, created_at) values (:id, :slug, :now)

-- name: add_user
insert into users (id, name, created_at) values (:id, :name, :now)
on conflict (id) do update set disabled_at = null

-- name: add_member
insert into members (org_id, user_id, is_admin, created_at)
values (:org_id, :user_id, coalesce(:is_admin, 0), :now)
on conflict (org_id, user_id) do update set is_admin = coalesce(:is_admin, is_admin)
returning is_admin

-- name: list_members
select users.id, users.name as user, organizations.slug as org, members.is_admin, users.disabled_at,
  (select group_concat(slug, ' ') from (
    select teams.slug from team_members join teams on teams.id = team_members.team_id
    where team_members.user_id = users.id and teams.org_id = organizations.id
    order by teams.slug)) as teams
from members
join users on users.id = members.user_id
join organizations on organizations.id = members.org_id
where :org_id is null or organizations.id = :org_id
order by organizations.slug, users.name

-- name: add_token
insert into tokens (id, hash, user_id, org_id, name, created_at, last_used_at, expires_at)
values (:id, :hash, :user_id, :org_id, :name, :now, :now, :now + :life)

-- ---------------------------------------------------------------- what administrators do

-- name: find_organization_by_id
select * from organizations where id = :id

-- name: list_organizations_of_user
select org_id as id from members where user_id = :user_id order by org_id

-- name: disable_user
update users set disabled_at = :now where id = :id and disabled_at is null

-- name: revoke_tokens_of_user
update tokens set revoked_at = :now where user_id = :user_id and revoked_at is null

-- name: end_browser_sessions_of_user
delete from browser_sessions where user_id = :user_id

-- name: end_sign_in_links_of_user
delete from sign_in_links where user_id = :user_id

-- name: find_team
select * from teams where org_id = :org_id and slug = :slug

-- name: add_team
insert into teams (id, org_id, slug, created_at) values (:id, :org_id, :slug, :now)

-- name: join_team
insert into team_members (team_id, user_id, created_at) values (:team_id, :user_id, :now)
on conflict do nothing

-- name: leave_team
delete from team_members where team_id = :team_id and user_id = :user_id

-- name: tokens_with_names
select tokens.id, tokens.name, tokens.created_at, tokens.last_used_at,
  min(tokens.expires_at, tokens.last_used_at + 2592000) as expires_at, tokens.revoked_at,
  tokens.org_id, users.name as user, organizations.slug as org
from tokens
join users on users.id = tokens.user_id
join organizations on organizations.id = tokens.org_id

-- name: list_tokens
{tokens_with_names}
where (:user_id is null or tokens.user_id = :user_id)
  and (:org_id is null or tokens.org_id = :org_id)
order by tokens.id desc

-- name: find_token
{tokens_with_names}
where tokens.id = :id

-- name: revoke_token
update tokens set revoked_at = :now where id = :id and revoked_at is null

-- ---------------------------------------------------------------- retention

-- nobody saved it or was given it since, nobody has it open, and it waits for nobody
-- name: is_old
updated_at <= :before
and coalesce(lease_expires_at, 0) <= :now
and coalesce(handoff_expires_at, 0) <= :now
and not exists (select 1 from handovers where handovers.id = sessions.id and at > :before)

-- a save touches no index but the first, so these are looked at one after the other
-- name: walk_sessions
select id, org_id, {is_old} as is_old from sessions where id > :after
order by id limit :limit

-- name: note_former_session
insert into former_sessions (id, org_id, owner_id, removed_at)
select id, org_id, owner_id, :now from sessions where id = :id
on conflict (id) do update set org_id = excluded.org_id, owner_id = excluded.owner_id,
  removed_at = excluded.removed_at

-- name: purge_session
delete from sessions
where id = :id and {is_old}
returning {summary}

-- name: old_versions
select versions.id, versions.version, sessions.org_id from versions
join sessions on sessions.id = versions.id
where kept_at <= :before order by kept_at limit :limit

-- name: purge_versions
delete from versions where id = :id and version = :version

-- name: old_logs
select log_id, org_id from logs where created_at <= :before order by created_at limit :limit

-- name: purge_logs
delete from logs where log_id = :log_id

-- name: old_tombstones
select id, org_id from tombstones where deleted_at <= :before order by deleted_at limit :limit

-- name: purge_tombstones
delete from tombstones where id = :id

-- name: old_audit
select audit_id, org_id from audit where at <= :before order by at limit :limit

-- name: purge_audit
delete from audit where audit_id = :audit_id

-- name: old_former_sessions
select id, org_id from former_sessions
where removed_at <= :before order by removed_at limit :limit

-- name: purge_former_sessions
delete from former_sessions where id = :id

-- name: expired_device_logins
select hash from device_logins where expires_at <= :now limit :limit

-- name: purge_device_logins
delete from device_logins where hash = :hash and expires_at <= :now

-- name: expired_sign_in_links
select hash from sign_in_links where expires_at <= :now limit :limit

-- name: purge_sign_in_links
delete from sign_in_links where hash = :hash and expires_at <= :now

-- name: expired_browser_sessions
select hash from browser_sessions
where min(expires_at, last_used_at + 43200) <= :now limit :limit

-- name: purge_browser_sessions
delete from browser_sessions where hash = :hash and min(expires_at, last_used_at + 43200) <= :now

-- ---------------------------------------------------------------- operation

-- name: find_schema
select user_version as version from pragma_user_version

-- name: note_readiness
insert into meta (key, value) values ('ready_at', :now)
on conflict (key) do update set value = excluded.value

-- ---------------------------------------------------------------- logs

-- nothing may have changed since it was decided on, though nothing of the session is written
-- name: check_session
select 1 from sessions where id = :id and changes = :changes

-- name: log
select logs.*, users.name as user from logs join users on users.id = logs.user_id

-- name: find_log
{log}
where logs.id = :id and user_id = :user_id and device = :device and logs.name = :name

-- name: find_newest_log
{log}
where logs.id = :id and logs.name = :name and (:device is null or device = :device)
  and (:user is null or users.name = :user)
order by updated_at desc, log_id desc limit 1

-- name: list_logs
{log} where logs.id = :id order by updated_at desc, log_id desc

-- name: add_up_logs
select count(*) as logs, coalesce(sum(size), 0) as size from logs where id = :id

-- name: begin_log
insert into logs (log_id, org_id, id, user_id, device, name, size, is_complete, result,
  created_at, updated_at)
values (:log_id, :org_id, :id, :user_id, :device, :name, :size, :result is not null, :result,
  :now, :now)
on conflict do nothing
returning *, :user as user

-- name: extend_log
update logs set size = size + :length, is_complete = :result is not null, result = :result,
  updated_at = :now
where log_id = :log_id and size = :start
returning *, :user as user

-- name: add_log_piece
insert into log_pieces (log_id, start, size, bytes) values (:log_id, :start, :size, :bytes)

-- name: list_log_pieces
select start, bytes from log_pieces
where log_id = :log_id and start < :end and start >=
  (select max(start) from log_pieces where log_id = :log_id and start <= :begin)
order by start

-- name: delete_logs_of_session
delete from logs where id = :id

-- ---------------------------------------------------------------- audit

-- name: find_record
select audit_id from audit
where id = :id and action = :action and actor = :actor and detail = :detail and at > :since
limit 1

-- `since_id` lets the index end the search; `since` is exact
-- name: list_records_of_session
select * from audit
where id = :id and (:cursor is null or audit_id < :cursor)
  and audit_id >= :since_id and at >= :since
order by audit_id desc limit :limit

-- name: list_records_of_org
select * from audit
where org_id = :org_id and (:cursor is null or audit_id < :cursor)
  and audit_id >= :since_id and at >= :since
order by audit_id desc limit :limit
