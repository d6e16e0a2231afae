internal import Foundation
internal import Settings
package import TaskModel
package import WorkerPool

/// What a task needs: the profile of its worker and how long it may run.
package struct AttemptPlan: Sendable {
    /// The worker's profile.
    package var profile: WorkerProfile
    /// How long the attempt may run.
    package var timeout: Duration?
}

/// Turns what a user asked for into what the pool can give, or says why it can't.
package struct AttemptPlanner: Sendable {
    let settings: Settings
    let secrets: SecretSources
    let mounts: MountPolicy
    /// Whether the pool's workers are containers.
    let mode: WorkerMode

    /// The plan for a task.
    ///
    /// - Throws: `configuration_refused` when it asks for more than the pool allows.
    package func plan(for task: QueuedTask) throws(WorkerError) -> AttemptPlan {
        let timeout = task.spec.timeout.map { Duration.seconds($0) } ?? settings.queue.defaultTimeout
        guard mode == .docker else { return AttemptPlan(profile: .local, timeout: timeout) }
        let docker = settings.workers.docker
        let limits: ResourceLimits
        do {
            limits = try docker.resources.limits.applying(task.spec.resources)
        } catch {
            throw WorkerError(.configurationRefused, error.description)
        }
        for mount in task.spec.mounts { try mounts.check(taskMount: mount) }
        return AttemptPlan(
            profile: WorkerProfile(
                image: task.spec.image ?? docker.image, limits: limits, mounts: docker.mounts + task.spec.mounts),
            timeout: timeout)
    }

    /// The request a worker gets for an attempt, with its secrets read now.
    ///
    /// - Throws: `configuration_refused` or `host` for a secret that is unknown or can't be read.
    func request(
        for attempt: RunningAttempt, _ plan: AttemptPlan, worker: any Worker
    ) async throws(WorkerError) -> AttemptRequest {
        let task = attempt.claim.task
        var environment = worker.profile.mode == .docker ? settings.workers.docker.environment : [:]
        environment.merge(task.spec.env) { _, own in own }
        environment["ACODE_TASK_ID"] = task.id.rawValue
        environment["ACODE_ATTEMPT"] = String(attempt.claim.lease.attempt)
        environment["ACODE_WORKER_ID"] = worker.id.rawValue
        return AttemptRequest(
            ref: attempt.ref, command: task.spec.command, environment: environment,
            workingDirectory: task.spec.workdir, stdin: task.spec.stdin.map { Array($0.utf8) },
            secrets: try await secrets.read(task.spec.secrets), timeout: plan.timeout,
            stopGrace: settings.workers.stopTimeout, stop: attempt.stopIntent)
    }
}
