internal import AgentProtocol
internal import ContainerEngine

extension ContainerWorker {
    /// A loss that the engine's own end or restart explains is the engine's and not the container's.
    func attributed(_ end: WorkerEnd) async -> WorkerEnd {
        guard case .lost(var loss) = end, !loss.engineStopped, !loss.oomKilled, let watch else { return end }
        loss.engineStopped = await watch.explains(nil)
        return .lost(loss)
    }

    /// An agent that was told to end by somebody else than us was told so by its engine, if that is gone, too.
    func attributed(_ record: ExitRecord) async -> ExitRecord {
        guard case .reported(let exited) = record.end, record.stop == nil, exited.stoppedWithAgent,
            let watch, await watch.explains(nil)
        else { return record }
        return ExitRecord(
            end: .workerLost(WorkerLoss(observation: "its container was told to end", engineStopped: true)))
    }
}

extension EngineWatch {
    /// Takes note of a call that failed, if the engine is to blame.
    func note(_ error: EngineError) {
        if error.code == .outOfSpace {
            refuses(EngineTrouble(message: error.description, hint: error.hint))
        } else if error.isEngineUnavailable {
            suspect()
        }
    }
}
