internal import ContainerEngine
internal import ControlPlane
internal import Supervisor
internal import TaskModel
internal import WorkerPool

extension SupervisorTarget {
    func inspectWorker(_ id: String) async throws(ControlFailure) -> WorkerInspection {
        let review: WorkerReview?
        do throws(WorkerError) {
            review = try await supervisor.review(of: WorkerID(rawValue: id))
        } catch {
            throw ControlFailure(.unavailable, "the worker \(id): \(error.message)")
        }
        guard let review, let worker = workerSummaries().first(where: { $0.id == id }) else {
            throw ControlFailure(.notFound, "this supervisor has no worker \(id)")
        }
        return WorkerInspection(
            worker: worker, pid: review.pid, container: review.container.map(WorkerInspection.Container.init),
            security: review.measures.map(WorkerInspection.Measure.init))
    }
}

extension WorkerInspection.Measure {
    init(_ measure: SecurityMeasure) {
        self.init(
            measure: measure.name, wanted: measure.wanted, inForce: measure.inForce, verdict: measure.verdict.rawValue,
            remark: measure.remark)
    }
}

extension WorkerInspection.Container {
    init(_ container: ContainerInspection) {
        self.init(
            id: container.id, image: container.image, imageID: container.imageID,
            state: container.state.status.rawValue, createdAt: container.createdAt,
            startedAt: container.state.startedAt, restarts: container.state.restartCount,
            command: container.entrypoint + container.cmd, labels: container.labels,
            mounts: container.mounts.map {
                .init(type: $0.type, source: $0.source, target: $0.target, readOnly: !$0.writable)
            }, networks: container.networks.mapValues(\.address))
    }
}
