import AgentProtocol

extension Agent {
    /// Takes a checkpoint of the running task on its way.
    ///
    /// - Returns: the answer, or nil when there is one later.
    func take(
        phase: Int, data: String?, artifacts: [String], isForced: Bool, ticket: UInt64, now: Nanos
    ) -> LocalReply? {
        guard let attempt, attempt.exited == nil else {
            return LocalReply(ok: false, message: "no task is running", verdict: .refused)
        }
        let refusal = saves.add(
            attempt.reference, phase: phase, data: data, artifacts: artifacts, isForced: isForced, ticket: ticket,
            now: now)
        if refusal == nil { sendSaves(now: now) }
        return refusal
    }

    /// Sends the checkpoints that wait, as far as the connection takes them, and gives up those that have waited too long.
    func sendSaves(now: Nanos) {
        guard !saves.isEmpty else { return }
        if link.isEstablished, welcome?.takesCheckpoints != true {
            let words = "the supervisor is of an earlier version of acode, which knows no checkpoints"
            return answerAll(saves.takeAll(), LocalReply(ok: false, message: words, verdict: .refused))
        }
        while link.isEstablished, !link.hasUnsent, let save = saves.next() { link.send(.checkpoint(save), now: now) }
        let late = saves.takeAll { !$0.isSent && now >= $0.since + PendingSaves.patience }
        let words = "no supervisor has been there for \(PendingSaves.patience / 1_000_000_000) s; try again later"
        answerAll(late, LocalReply(ok: false, message: words, verdict: .unavailable))
        // What nobody waits for any more need not be sent again.
        _ = saves.takeAll { !(local?.isWaiting($0.ticket) ?? false) }
    }

    /// Passes an answer on.
    func answer(_ answer: CheckpointAnswer) {
        guard answer.token == attempt?.reference.token, let pending = saves.take(answer.number) else { return }
        let reply = LocalReply(
            ok: answer.verdict == .saved, message: answer.message, verdict: answer.verdict,
            stop: attempt?.isAskedToStop)
        local?.answer(pending.ticket, with: reply)
    }

    /// Lets go of whoever waits, because the attempt is over.
    func dropSaves() {
        answerAll(saves.takeAll(), LocalReply(ok: false, message: "the task has ended", verdict: .refused))
    }

    private func answerAll(_ pending: [PendingSaves.Pending], _ reply: LocalReply) {
        for one in pending { local?.answer(one.ticket, with: reply) }
    }
}
