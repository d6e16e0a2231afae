/// Which program serves the API.
package enum EngineKind: String, Sendable, Codable, CaseIterable {
    case docker
    case podman
}

/// Who answered the ping, and how we agreed to talk.
package struct EngineIdentity: Sendable, Equatable {
    /// Docker or Podman.
    package let kind: EngineKind
    /// The engine's own version, such as `20.10.24+dfsg1`; empty when it does not say.
    package let version: String
    /// The API version both sides speak, such as `1.41`.
    package let apiVersion: String

    /// Makes an identity.
    package init(kind: EngineKind, version: String, apiVersion: String) {
        self.kind = kind
        self.version = version
        self.apiVersion = apiVersion
    }

    /// The first number of the version, 0 when there is none.
    package var majorVersion: Int { Int(version.prefix { $0.isNumber }) ?? 0 }
}

/// A version of the Docker Engine API, `major.minor`.
package struct EngineAPIVersion: Sendable, Comparable, CustomStringConvertible {
    /// The oldest we can use: what our requests rely on (Docker 20.10, Podman 4).
    package static let oldest = EngineAPIVersion(major: 1, minor: 41)
    /// The newest whose answers we know how to read.
    package static let newest = EngineAPIVersion(major: 1, minor: 51)

    /// Before the dot.
    package let major: Int
    /// After the dot.
    package let minor: Int

    /// Makes a version.
    package init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `1.41`; `nil` when it is something else.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
        self.init(major: major, minor: minor)
    }

    package var description: String { "\(major).\(minor)" }

    package static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// The version to talk with an engine whose newest is `theirs`; `nil` when it is too old.
    package static func negotiated(with theirs: EngineAPIVersion) -> EngineAPIVersion? {
        theirs < oldest ? nil : min(newest, theirs)
    }
}
