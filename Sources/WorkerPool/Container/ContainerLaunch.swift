internal import ContainerEngine

/// Creates and starts containers, with an engine whose answers may be lost.
struct ContainerLaunch: Sendable {
    let engine: EngineClient
    let watch: EngineWatch?

    /// Puts an address for the word `host-gateway`. Left as it is, the word would become a line of /etc/hosts that no program
    /// understands.
    func resolveHostGateway(in configuration: inout ContainerConfiguration) async throws(WorkerError) {
        let network: String?
        do {
            network = try await HostGateway(engine: engine).resolve(&configuration)
        } catch {
            watch?.note(error)
            throw WorkerError(engine: error)
        }
        guard let network else { return }
        throw WorkerError(
            .configurationRefused,
            "this host has no address in the network \(network), so the address host-gateway in "
                + "workers.docker.extraHosts means nothing there: write an address, or choose another network")
    }

    /// Not a child task: a create that is cancelled half-way would leave a container whose id nobody knows.
    func create(
        _ configuration: ContainerConfiguration, name: String
    ) async throws(EngineError) -> ContainerCreated {
        try await Task { [engine] in
            await Result { () async throws(EngineError) in
                try await engine.createContainer(configuration, name: name)
            }
        }.value.get()
    }

    /// Starts the container. When the answer is lost, the container's own state is the answer.
    func start(_ container: String) async throws(EngineError) {
        do {
            try await engine.startContainer(container)
        } catch  where error.code == .connectionLost || error.code == .timedOut {
            guard let state = try await engine.inspectContainer(container)?.state, state.status == .running else {
                throw error
            }
        }
    }
}
