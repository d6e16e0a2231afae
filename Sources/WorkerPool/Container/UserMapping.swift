package import ContainerEngine
package import Settings

/// Who the users of containers are on this host, where the engine keeps containers in a user namespace
/// (user_namespaces(7)).
package enum UserMapping: Sendable, Hashable {
    /// The same.
    case same
    /// So many further on: root of a container is user `firstUser` and group `firstGroup` of this host.
    case shifted(firstUser: UInt32, firstGroup: UInt32)
    /// The same for the engine's own user, if the engine is told to (Podman's `keep-id`).
    case keepingOwn

    /// Who a user of containers is on this host.
    package func outside(_ user: ContainerUser) -> ContainerUser {
        guard case .shifted(let firstUser, let firstGroup) = self else { return user }
        return ContainerUser(uid: firstUser &+ user.uid, gid: firstGroup &+ user.gid)
    }

    /// What `UsernsMode` containers need.
    package var usernsMode: String? { self == .keepingOwn ? "keep-id" : nil }
}

/// Why the users of an engine's containers could not use what acode makes for them.
package struct UserMappingProblem: Error, Sendable, Equatable {
    /// In plain words.
    package var message: String
    /// What to do about it.
    package var hint: String
}

extension UserMapping {
    /// What an engine says of itself, for a supervisor that runs as `own` and containers that run as `user`. Pure.
    package init(
        _ info: EngineInfo, kind: EngineKind, user: ContainerUser, own: ContainerUser
    ) throws(UserMappingProblem) {
        if info.remapsUsers {
            // Docker calls its data's directory after them: `/var/lib/docker/100000.100000`.
            let ids = (info.dataDirectory.split(separator: "/").last ?? "").split(separator: ".").map { UInt32($0) }
            guard ids.count == 2, let firstUser = ids[0], let firstGroup = ids[1] else {
                throw UserMappingProblem(
                    message:
                        "the engine gives its containers other users than this host's (userns-remap), and does not "
                        + "say which: \(info.dataDirectory)",
                    hint: "start it without userns-remap")
            }
            guard own.uid == 0 else {
                throw UserMappingProblem(
                    message:
                        "the engine gives its containers other users than this host's (userns-remap), to which only "
                        + "root can give directories",
                    hint: "run the supervisor as root, or use a rootless Podman")
            }
            self = .shifted(firstUser: firstUser, firstGroup: firstGroup)
        } else if !info.rootless {
            self = .same
        } else if kind == .podman {
            self = .keepingOwn
        } else {
            // Only root of a container is somebody of this host: the engine's own user.
            guard user.uid == 0 else {
                throw UserMappingProblem(
                    message:
                        "in a rootless Docker the user \(user) of a container is nobody of this host, and could not "
                        + "use its directories",
                    hint:
                        "use a rootless Podman, or set workers.docker.user to 0:0 and workers.docker.allowRoot to true: "
                        + "that root has no more rights than the user the engine runs as")
            }
            self = .shifted(firstUser: own.uid, firstGroup: own.gid)
        }
    }
}
