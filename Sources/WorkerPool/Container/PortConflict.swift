internal import ContainerEngine
internal import Settings

/// Finds out who has a port of this host that the engine could not give to a container.
struct PortConflict: Sendable {
    let engine: EngineClient
    let ports: [PortPublication]

    /// The engine's refusal in words that name the port and, where it can be known, who has it. Anything but a taken port
    /// is passed on in the engine's own words.
    func explain(_ error: EngineError) async -> WorkerError {
        guard error.code == .portInUse else { return WorkerError(engine: error) }
        let fixed = ports.filter { $0.hostPort != nil }
        let containers = (try? await engine.listContainers(labels: [:], all: false)) ?? []
        for port in fixed {
            if let holder = containers.first(where: { $0.ports.contains { port.collides(with: $0) } }) {
                return Self.taken(port, by: Self.name(of: holder))
            }
        }
        let listeners = await FileThread.shared.run { ListeningSockets.read() }
        for port in fixed {
            if let listener = listeners.first(where: { $0.holds(port) }) {
                let owner = await FileThread.shared.run { listener.owner() }
                return Self.taken(port, by: owner ?? "another process of this host")
            }
        }
        return WorkerError(.startFailed, "\(error); the ports asked for are in workers.docker.ports")
    }

    private static func taken(_ port: PortPublication, by holder: String) -> WorkerError {
        WorkerError(
            .startFailed,
            "the port \(port.place)/\(port.transport.rawValue) of this host is taken by \(holder); choose another in "
                + "workers.docker.ports, or write \"\(port.host)::\(port.containerPort)\" for a free one")
    }

    private static func name(of container: ContainerSummary) -> String {
        guard let pool = container.labels[ContainerBlueprint.Label.pool] else {
            return "the container \(container.name)"
        }
        return "the worker \(container.name) of the pool \(pool)"
    }
}

extension PortPublication {
    fileprivate func collides(with port: PublishedPort) -> Bool {
        collides(
            with: PortPublication(
                host: port.host, hostPort: port.hostPort, containerPort: port.containerPort,
                transport: Transport(rawValue: port.transport) ?? .tcp))
    }
}
