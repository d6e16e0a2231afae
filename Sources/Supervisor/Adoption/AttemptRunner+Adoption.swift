internal import AgentProtocol
internal import Foundation
internal import Settings
internal import TaskModel
internal import WorkerPool

extension AttemptRunner {
    /// Goes on with an attempt that an earlier supervisor began, from where its log ends, and takes it to its recorded end.
    func adopt(_ attempt: RunningAttempt, on adopted: AdoptedWorker, _ hello: Hello) async {
        let worker = adopted.worker
        let task = attempt.claim.task
        let log = AttemptLog(
            path: layout.log(task: task.id, attempt: attempt.claim.lease.attempt),
            cap: settings.logs.maxBytesPerAttempt)
        let recorder = AttemptRecorder(log: log, tap: tap, limit: outputLimit(of: attempt))
        attempt.follow(recorder)
        let secrets = await adopted.directory.secretsInForce()
        let position = await log.resume(stateAt: adopted.directory.logState, token: attempt.ref.token)
        let startedAt = hello.running.map { Date(timeIntervalSince1970: Double($0.startedAtNanos) / 1e9) }
        recorder.prepare(
            worker: worker.id, secrets: secrets, startedAt: task.startedAt ?? startedAt ?? Date(), from: position)
        if task.cancelRequested { attempt.stopIntent.set(.cancel("on request")) }
        attempt.assign(worker)
        timelines.note(worker.id, .taskBegun, "\(attempt.words), begun under another supervisor")
        let timeout = task.spec.timeout.map { Duration.seconds($0) } ?? settings.queue.defaultTimeout
        var request = AttemptRequest(
            ref: attempt.ref, command: task.spec.command, timeout: hello.unackedExit == nil ? timeout : nil,
            stopGrace: settings.workers.stopTimeout, stop: attempt.stopIntent)
        if let startedAt { request.elapsed = .seconds(max(0, Date().timeIntervalSince(startedAt))) }
        // What the command has been told can't be taken back: an end that follows from it is no failure.
        if adopted.directory.hasStop { attempt.stopAnnounced.set(()) }
        if let stop = adopted.directory.notedStop {
            attempt.stopIntent.set(stop)
            request.isTerminated = stop.allowsGrace
        }
        request.stopAnnounced = attempt.stopAnnounced
        request.graceOver = attempt.graceOver
        let resumed = request
        attempt.limitDisk(
            to: (try? settings.workers.docker.resources.granting(task.spec.resources))?.diskMb,
            since: hello.running?.startedAtNanos ?? DiskUse.now())
        await recording(attempt, recorder) {
            if task.startedAt == nil, let nanos = hello.running?.startedAtNanos {
                await recorder.attemptStarted(atNanos: nanos)
            }
            let record = await worker.resume(
                resumed, from: position.resumeOffset, observer: recorder, noted: { adopted.gate.open() })
            attempt.unassign()
            return Ran(record, on: worker)
        } then: { ran, harvest in
            await settle(attempt, ran, harvest, recorder, log, timeout: timeout)
        }
    }
}
