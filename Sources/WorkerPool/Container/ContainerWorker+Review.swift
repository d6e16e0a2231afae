internal import ContainerEngine
internal import Foundation

extension ContainerWorker {
    package func review() async throws(WorkerError) -> WorkerReview {
        guard let id = containerID, let wanted = configuration else {
            throw WorkerError(.host, "its container is not created yet")
        }
        let found: ContainerInspection?
        do {
            found = try await engine.inspectContainer(id)
        } catch {
            throw WorkerError(engine: error)
        }
        guard let found else { throw WorkerError(.host, "its container was removed from outside") }
        let pid = found.state.pid
        let (facts, kernelFiles) = await FileThread.shared.run {
            (
                ProcessFacts.read(pid: pid),
                ContainerReview.kernelFiles.filter { FileManager.default.fileExists(atPath: $0) }
            )
        }
        let review = ContainerReview(
            wanted: wanted, found: found, facts: facts, engineSocket: engine.endpoint.socketPath,
            kernelFiles: kernelFiles, isOutdated: isOutdated)
        return WorkerReview(container: found, pid: pid > 0 ? pid : nil, measures: review.measures)
    }
}
