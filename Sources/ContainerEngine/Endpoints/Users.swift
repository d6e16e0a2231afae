internal import FoundationEssentials
internal import HTTPTransport

extension EngineClient {
    /// Whether the users of a container are others on this host by the engine's choice for this one; false where an engine
    /// makes no such choice. `GET /libpod/containers/{id}/json` (Podman)
    package func hasUsersOfItsOwn(_ id: String) async throws(EngineError) -> Bool {
        guard let path = quirks.ownInspectionPath(of: id) else { return false }
        var request = EngineRequest(.inspectContainer, .get, path)
        request.isVersioned = false
        request.subject = id
        request.limits.total = .seconds(15)
        // `inside:outside:count`
        let ranges = try await fetch(UsersWire.self, request).HostConfig?.IDMappings?.UidMap ?? []
        return ranges.contains { !$0.hasPrefix("0:0:") }
    }
}

/// The answer's form.
private struct UsersWire: Decodable {
    // Names of the wire.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    let HostConfig: Host?

    struct Host: Decodable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        let IDMappings: Mappings?
    }

    struct Mappings: Decodable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        let UidMap: [String]?
    }
}
