internal import Logging
internal import Settings
internal import Synchronization
internal import WorkerPool

/// Whether the workers are left to another supervisor: asked for, and then decided for good or taken back.
final class HandOffRequest: Sendable {
    private let decision = OneShot<Void>()
    private let underWay = Mutex(false)

    /// Whether there is no way back.
    var isDecided: Bool { decision.current != nil }

    /// Begins; returns false when another request has.
    func begin() -> Bool {
        underWay.withLock { underWay in
            guard !underWay else { return false }
            underWay = true
            return true
        }
    }

    /// Takes it back.
    func takeBack() { underWay.withLock { $0 = false } }

    /// Makes it final.
    func decide() { decision.set(()) }

    /// Waits until it is final; returns false when the task is cancelled first.
    func wait() async -> Bool { await decision.wait() != nil }
}

extension Supervisor {
    /// Prepares to leave all workers, with what they run, to another supervisor of this pool, and ends soon after it
    /// returns. Claims nothing any more and waits until every attempt is either with its worker or recorded.
    ///
    /// - Throws: `handover_refused` when that is not so within `limit` or can't be had; then this supervisor goes on.
    package func handOver(within limit: Duration) async throws(SupervisorError) {
        guard let running = current, shutdown.level == nil else {
            throw SupervisorError(.handoverRefused, "the supervisor of the pool is starting or ending")
        }
        guard running.engine != nil else {
            throw SupervisorError(
                .handoverRefused, "local processes end with their supervisor, so they can't be handed over",
                hint: "let it finish with `acode worker drain --wait`, then start the next")
        }
        guard handOff.begin() else { throw SupervisorError(.handoverRefused, "it is being handed over already") }
        logger.info("handing over", metadata: ["tasks.running": "\(registry.count)"])
        running.dispatcher.pause()
        running.standIn?.dispatcher.pause()
        let deadline = ContinuousClock.now.advanced(by: limit)
        while true {
            for attempt in registry.all { attempt.hold() }
            let isSettled = running.adopter.isSettled && !running.isClaiming
            if isSettled, registry.all.allSatisfy({ $0.stage == .running && !$0.runsLocally }) { break }
            guard ContinuousClock.now < deadline, !Task.isCancelled, shutdown.level == nil else {
                handOff.takeBack()
                running.dispatcher.goOn()
                running.standIn?.dispatcher.goOn()
                logger.warning("not handed over in time; going on")
                throw SupervisorError(
                    .handoverRefused, "the supervisor could not get ready to hand over within \(limit); it goes on",
                    hint: "try again, or give it more time with --handoff-timeout")
            }
            await AttemptRunner.sleep(.milliseconds(20))
        }
        handOff.decide()
    }

    /// Lets go of everything once that is decided.
    func conductHandOff(_ running: Running) async {
        guard await handOff.wait() else { return }
        running.pool.detach()
        running.dispatcher.close()
        running.standIn?.dispatcher.close()
    }
}
