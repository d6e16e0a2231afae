/// Where to look for an engine. Pure: it reads no file and no variable by itself.
package enum EngineDiscovery {
    /// The places to try, in order.
    ///
    /// One that was named explicitly (option, then `DOCKER_HOST`, then `CONTAINER_HOST`) is the only candidate: when it
    /// fails, that is an error and never a reason to use another engine. Else the usual places: Docker's socket, rootless
    /// Docker's, Podman's, rootless Podman's.
    ///
    /// - Parameters:
    ///   - explicitSocket: from `--engine-socket` or the configuration; a path or `unix://` URL.
    ///   - environment: of this process. Empty variables count as unset.
    ///   - userID: for the runtime directory when `XDG_RUNTIME_DIR` is unset; not used for root.
    /// - Throws: `unsupported_endpoint` for `tcp://`, `ssh://` and relative paths.
    package static func candidates(explicitSocket: String?, environment: [String: String], userID: UInt32)
        throws(EngineError) -> [EngineEndpoint]
    {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let explicit: [(String?, EngineEndpoint.Origin)] = [
            (explicitSocket.flatMap { $0.isEmpty ? nil : $0 }, .option),
            (variable("DOCKER_HOST"), .dockerHost),
            (variable("CONTAINER_HOST"), .containerHost),
        ]
        for case (let text?, let origin) in explicit {
            return [EngineEndpoint(socketPath: try socketPath(in: text, origin: origin), origin: origin)]
        }
        let runtimeDirectory = variable("XDG_RUNTIME_DIR") ?? (userID == 0 ? nil : "/run/user/\(userID)")
        let paths: [String?] = [
            "/var/run/docker.sock",
            runtimeDirectory.map { $0 + "/docker.sock" },
            "/run/podman/podman.sock",
            runtimeDirectory.map { $0 + "/podman/podman.sock" },
        ]
        return paths.compactMap { $0 }.map { EngineEndpoint(socketPath: $0, origin: .usualPlace) }
    }

    private static func socketPath(in text: String, origin: EngineEndpoint.Origin) throws(EngineError) -> String {
        let path = text.hasPrefix("unix://") ? String(text.dropFirst("unix://".count)) : text
        // A bare path is only accepted where the name of the option says that it is a path.
        let isPath = path.hasPrefix("/") && (origin == .option || text.hasPrefix("unix://"))
        guard isPath else {
            let scheme = text.prefix { $0 != ":" && $0 != "/" }
            let what =
                text.contains("://") && !text.hasPrefix("unix://") ? "the scheme \(scheme)://" : "no unix:///path"
            throw EngineError(
                .unsupportedEndpoint, layer: .request, operation: .discover, endpoint: text,
                message: "\(origin.rawValue) names \(what); only Unix sockets are supported")
        }
        return path
    }
}
