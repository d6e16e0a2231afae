internal import AgentProtocol
internal import ContainerEngine
internal import Glibc
internal import Synchronization

/// Where a container's tasks write on this host: the working directory, and the container's own layer.
///
/// The layer is a directory of the overlay file system that root can read. For everybody else the engine adds it up, and
/// what it says grew since the first look at an attempt counts.
final class ContainerLayer: Sendable {
    private enum Layer {
        case unknown
        case directory(String)
        case engineOnly
    }

    private struct State {
        var layer = Layer.unknown
        var token: Int64?
        var atFirst: Int64 = 0
    }

    private let engine: EngineClient
    private let own: [String]
    private let state = Mutex(State())

    /// `own` are the worker's directories on this host that its tasks write to.
    init(engine: EngineClient, own: [String]) {
        self.engine = engine
        self.own = own
    }

    /// The places now. Asks the engine at the first call, and at every call where the layer can't be read.
    func places(of container: String?, running attempt: AttemptRef?) async -> DiskPlaces {
        guard let container else { return DiskPlaces(fresh: own) }
        if case .unknown = state.withLock({ $0.layer }) { await find(container) }
        switch state.withLock({ $0.layer }) {
        case .unknown: return DiskPlaces(fresh: own)
        case .directory(let path): return DiskPlaces(fresh: own, kept: [path])
        case .engineOnly:
            return DiskPlaces(fresh: own, counted: await grown(container, attempt))
        }
    }

    private func find(_ container: String) async {
        guard let found = try? await engine.inspectContainer(container) else { return }
        var layer = Layer.engineOnly
        if let path = found.upperDirectory, access(path, R_OK | X_OK) == 0 { layer = .directory(path) }
        state.withLock { [layer] in $0.layer = layer }
    }

    private func grown(_ container: String, _ attempt: AttemptRef?) async -> Int64 {
        guard let size = (try? await engine.inspectContainer(container, withSize: true))?.writableBytes else {
            return 0
        }
        return state.withLock { state in
            if state.token != attempt?.token { (state.token, state.atFirst) = (attempt?.token, size) }
            return max(0, size - state.atFirst)
        }
    }
}
