/// What concerns the places where a supervisor listens.
extension CrossCheck {
    static let peers: [CrossCheck] = [token, reachability, distinctListeners]

    private static let token = CrossCheck(paths: ["supervisor.listen", "supervisor.tokenFile"]) { settings in
        guard settings.supervisor.listen != nil, settings.supervisor.tokenFile.isEmpty else { return [] }
        return [
            Finding(
                path: "supervisor.listen", message: "needs supervisor.tokenFile, or everybody could read logs",
                hint: "make one token with `openssl rand -hex 32`, and put the same on every host that shares the queue"
            )
        ]
    }

    /// Others have to find what is offered to them.
    private static let reachability = CrossCheck(paths: ["supervisor.listen", "supervisor.advertise"]) { settings in
        let (path, told) = ("supervisor.advertise", settings.supervisor.advertise)
        guard let address = settings.supervisor.listen else {
            guard told != nil else { return [] }
            return [
                Finding(
                    path: path, message: "has no effect without supervisor.listen", hint: "set that, too",
                    isWarning: true)
            ]
        }
        var findings: [Finding] = []
        if address.port == 0 {
            findings.append(Finding(path: "supervisor.listen", message: "needs a port that others can know"))
        }
        if let told, told.port == 0 || told.isEverywhere {
            findings.append(
                Finding(
                    path: path, message: "is no address that others can reach",
                    hint: "write the name or address of this host and a port, as in worker-5.example.org:8443"))
        }
        if told == nil, address.isLoopback {
            findings.append(
                Finding(
                    path: "supervisor.listen", message: "is what others are told, and only this host can reach it",
                    hint: "listen on an address of a network, or say in supervisor.advertise where others find it",
                    isWarning: true))
        }
        return findings
    }

    private static let distinctListeners = CrossCheck(
        paths: ["supervisor.listen", "http.listen", "supervisor.role", "roles"]
    ) { settings in
        guard let own = settings.supervisor.listen, let other = settings.duties.listens, own.overlaps(other) else {
            return []
        }
        return [
            Finding(
                path: "supervisor.listen", message: "is where http.listen serves health and metrics",
                hint: "choose another port for one of them")
        ]
    }
}

extension ListenAddress {
    /// Whether it stands for every address of the host.
    package var isEverywhere: Bool { ["0.0.0.0", "::", "*"].contains(host) }

    /// Whether only the host itself can reach it.
    fileprivate var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    /// Whether both can't be listened on.
    fileprivate func overlaps(_ other: ListenAddress) -> Bool {
        port != 0 && port == other.port && (host == other.host || isEverywhere || other.isEverywhere)
    }
}
