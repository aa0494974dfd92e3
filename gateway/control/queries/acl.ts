/** `show_acl`: who may become a peer, as the files say. */
import { npubOf } from '../../../core/index.ts'
import type { AccessFacts, ControlHost } from '../host.ts'
import type { JsonObject } from '../json.ts'

export function showAcl(host: ControlHost): JsonObject {
  const access = host.access()
  return {
    allow_file: access.allowFile,
    deny_file: access.denyFile,
    enforcement_active: isEnforced(access),
    effective_mode: effectiveMode(access),
    default_decision: access.denyAll && !access.allowAll ? 'deny' : 'allow',
    allow_all: access.allowAll,
    deny_all: access.denyAll,
    allow_file_entries: access.allowFileEntries,
    deny_file_entries: access.denyFileEntries,
    allow_entries: access.allow.map((key) => npubOf(key)),
    deny_entries: access.deny.map((key) => npubOf(key)),
  }
}

function isEnforced({ allow, deny, allowAll, denyAll }: AccessFacts): boolean {
  return allow.length > 0 || deny.length > 0 || allowAll || denyAll
}

/** `allow` is looked at first, then `deny`; who is in neither is admitted. */
function effectiveMode({ allow, deny, allowAll, denyAll }: AccessFacts): string {
  if (allowAll) return 'allow_all'
  if (allow.length > 0) {
    if (denyAll) return 'allow_then_deny_all'
    return deny.length > 0 ? 'allow_then_deny' : 'allowlist'
  }
  if (denyAll) return 'deny_all'
  return deny.length > 0 ? 'denylist' : 'default_open'
}
