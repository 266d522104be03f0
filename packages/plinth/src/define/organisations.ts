/** Owns how an app declares its organisations: roles, and what each of them may. */

/** How an app has organisations. */
export interface OrganisationsSpec {
  /**
   * The roles of members, each with the permissions that it brings: names of your own
   * (`project.delete`), or those by which organisations are run (`organisationPermissions`). The
   * role `owner` is always there and holds every permission that any role names.
   *
   * @example roles: { admin: ['members.invite', 'project.delete'], member: [] }
   */
  readonly roles: Readonly<Record<string, readonly string[]>>
  /** Who makes organisations. `staff`: accounts of the role `admin`. Default `anyone`. */
  readonly create?: 'anyone' | 'staff'
}

/** The permissions by which organisations are run; `owner` has them all. */
export const organisationPermissions = Object.freeze([
  /** Renames the organisation. */
  'organisation.rename',
  /** Deletes it. */
  'organisation.delete',
  /** Invites, and takes invitations back. */
  'members.invite',
  /** Changes the roles of members, and removes them. */
  'members.manage',
] as const)
