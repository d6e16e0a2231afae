internal import ControlPlane
internal import Settings
internal import Supervisor

/// Makes a running supervisor let go of its pool, so that this process can take it over.
struct SupervisorHandover: Sendable {
    let context: CommandContext
    let limit: Duration

    /// Reads the limit as the user wrote it.
    ///
    /// - Throws: a usage failure for one that is no duration.
    init(context: CommandContext, limitText: String) throws(CommandFailure) {
        guard let limit = DurationText.parse(limitText), limit > .zero, limit <= .seconds(HandoverRequest.longest)
        else {
            throw CommandFailure(
                ExitCodes.usage, "--handoff-timeout: expected a duration up to 1h, such as 30s, found \(limitText)")
        }
        self.context = context
        self.limit = limit
    }

    /// Returns when no process holds the pool any more, also when none did.
    ///
    /// - Parameter check: finds out whether this process could take its place, before that one gives it up; gets
    ///   the kind of its engine.
    /// - Throws: what `check` found, or 75 with the reason when the supervisor did not let go in time; then it goes on.
    func run(check: (String?) async throws(CommandFailure) -> Void) async throws {
        let client = context.controlClient()
        let old: SupervisorSummary
        do {
            old = try await client.status()
        } catch  where error.code == .noSupervisor {
            return context.console.note(
                "acode: no supervisor of the pool \(context.settings.workers.pool) runs; starting without a handoff")
        } catch {
            throw Self.failure(error)
        }
        do throws(CommandFailure) {
            try await check(old.engine?.kind)
        } catch {
            var failure = error
            failure.message += "; the running supervisor (pid \(old.pid)) goes on"
            throw failure
        }
        do {
            try await client.handOver(within: limit)
        } catch {
            throw Self.failure(error)
        }
        // It has let go; what is left takes it a moment.
        try await SupervisorEnding(context: context).wait(for: old, limit: limit)
        context.console.note("acode: the supervisor with pid \(old.pid) has handed over")
    }

    private static func failure(_ error: ControlClientError) -> CommandFailure {
        CommandFailure(
            ExitCodes.tryAgain, "the running supervisor did not hand over: \(error.message)",
            hint: "it goes on as before; give it more time with --handoff-timeout, or end it with `acode worker stop`")
    }
}
