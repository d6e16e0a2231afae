internal import ContainerEngine
internal import Synchronization

/// The ports of this host that lead into a container, once it runs: the engine chooses some of them.
final class PublishedPorts: Sendable {
    private let known = Mutex<[PublishedPort]>([])

    var ports: [PublishedPort] { known.withLock { $0 } }

    /// Asks the engine, where ports were asked for. Trouble leaves them unknown: the container itself is none the worse.
    func read(of container: String, from engine: EngineClient, expected: Int) async {
        guard expected > 0, let inspection = try? await engine.inspectContainer(container) else { return }
        known.withLock { $0 = inspection.ports }
    }
}
