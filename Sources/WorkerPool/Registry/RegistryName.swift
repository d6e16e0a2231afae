/// The registry that a reference means, and the names under which files know its credentials. Pure.
struct RegistryName: Sendable, Equatable {
    /// Host and port; Docker Hub is `docker.io`.
    let host: String
    /// The repository, without tag and digest.
    let repository: String

    /// Takes a reference apart: a first part with a dot or a colon, or `localhost`, is a registry (distribution project,
    /// `reference/normalize.go`).
    init(of reference: String) {
        let name = reference.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)[0]
        var parts = name.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count > 1, let first = parts.first,
            first.contains(".") || first.contains(":") || first == "localhost"
        {
            host = Self.canonical(String(first))
            parts.removeFirst()
        } else {
            host = "docker.io"
        }
        let path = parts.joined(separator: "/")
        if let colon = path.lastIndex(of: ":"), !path[colon...].contains("/") {
            repository = String(path[..<colon])
        } else {
            repository = path
        }
    }

    /// What Docker's tools and helpers call the registry; Docker Hub is known by the address of its first version.
    var serverAddress: String { host == "docker.io" ? "https://index.docker.io/v1/" : host }

    /// The keys that may hold its credentials, the closest first: Podman's files may name a part of a registry.
    var keys: [String] {
        var keys: [String] = []
        var path = repository.split(separator: "/").map(String.init)
        while !path.isEmpty {
            keys.append(([host] + path).joined(separator: "/"))
            path.removeLast()
        }
        return keys + [host]
    }

    /// A key of a file in the form of `keys`: without scheme, and without the path of an API's version.
    static func normalized(_ key: String) -> String {
        var rest = key[...]
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        while rest.hasSuffix("/") { rest.removeLast() }
        for version in ["/v1", "/v2"] where rest.hasSuffix(version) { rest = rest.dropLast(version.count) }
        var parts = rest.split(separator: "/", maxSplits: 1).map(String.init)
        guard !parts.isEmpty else { return "" }
        parts[0] = canonical(parts[0])
        return parts.joined(separator: "/")
    }

    private static func canonical(_ host: String) -> String {
        let lower = host.lowercased()
        return ["index.docker.io", "registry-1.docker.io"].contains(lower) ? "docker.io" : lower
    }
}
