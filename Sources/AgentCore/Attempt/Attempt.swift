import AgentProtocol
import Glibc

/// One attempt, from the start of its process until its exit is acknowledged.
///
/// Phases: *running* (until the command's own process is reaped) → *killing* (until nothing that descends from it is
/// left) → *draining* (until its output is read) → *sweeping* (until nothing of its files is left in the temporary
/// directories) → *ended*. A start that fails goes to *ended* at once.
final class Attempt {
    /// What starting needs from the agent.
    struct Surroundings {
        let sinks: [TeeSink]
        let counters: CgroupCounters
        let oomScore: OOMScore
        let baseEnvironment: [String: String]
        let agentDirectory: String?
        let localSocket: String?
        let scratch: ScratchPlaces
    }

    private enum Phase {
        case running
        case killing(LeftoverKiller)
        case draining
        case sweeping(ScratchSweep)
        case ended(Exited)
    }

    let reference: AttemptRef
    /// Set unless the start failed.
    private(set) var started: Started?
    /// Set when everything is over and read.
    var exited: Exited? {
        if case .ended(let exited) = phase { exited } else { nil }
    }
    /// Output on its way to the supervisor.
    var journal = OutputJournal()
    /// Whether the exit was sent on the present connection.
    var exitSent = false
    /// Whether something of it could not be killed or removed.
    private(set) var isStuck = false
    /// Whether somebody wants it to come to a stop.
    var isAskedToStop = false
    /// Hides the attempt's secrets.
    private(set) var masker = SecretMasker([:])

    private var phase = Phase.running
    private let counters: CgroupCounters
    private let scratch: ScratchPlaces
    private let oomKillsBefore: Int?
    private var meter: AttemptMeter?
    private var memoryKills: MemoryKillsLookout?
    private let startedAt: Nanos
    private var pump: OutputPump?
    private var feeder: InputFeeder?
    private var facts: Exited

    /// Starts the command.
    init(_ request: RunRequest, in surroundings: Surroundings, now: Nanos) {
        reference = request.attempt
        counters = surroundings.counters
        scratch = surroundings.scratch
        oomKillsBefore = counters.oomKills
        meter = AttemptMeter(counters, now: now)
        // A count that is shared with others says nothing of this attempt.
        if counters.isOwn, let before = oomKillsBefore { memoryKills = MemoryKillsLookout(before: before, now: now) }
        facts = Exited(attempt: request.attempt)
        startedAt = now
        do {
            try start(request, surroundings)
        } catch {
            facts.startFailure = error.failure
            facts.wallMicros = (Clock.now() - startedAt) / 1000
            phase = .ended(facts)
        }
    }

    /// Sends a signal to the process group, as long as the command's own process is there to hold its number.
    func signal(_ number: Int32) {
        guard case .running = phase, let pid = started?.pid else { return }
        if number == SIGTERM { isAskedToStop = true }
        _ = Glibc.kill(-pid, number)
    }

    /// Notes that whatever ends the command now is the agent's own end.
    func noteAgentStops() {
        if case .running = phase { facts.stoppedWithAgent = true }
    }

    /// Kills the command, in whatever group it is by now.
    func kill() {
        guard case .running = phase, let pid = started?.pid else { return }
        _ = Glibc.kill(-pid, SIGKILL)
        _ = Glibc.kill(pid, SIGKILL)
    }

    /// What the supervisor that said `welcome` should know of kills for memory while the command runs.
    func memoryKillsNews(for welcome: Welcome?) -> MemoryKillsOutlived? {
        if case .running = phase { memoryKills?.news(for: welcome) } else { nil }
    }

    /// Prepares for a new connection, on which everything is told that was not acknowledged.
    func rewind() {
        journal.rewind()
        exitSent = false
        memoryKills?.rewind()
    }

    /// Whether children should be looked for even without a signal.
    var wantsReaping: Bool {
        if case .killing = phase { true } else { false }
    }

    /// Adds what it waits for.
    func prepare(_ set: inout PollSet, connected: Bool) {
        pump?.prepare(&set, accepting: journal.accepts(connected: connected))
        set.add(feeder?.pipe, write: true)
        switch phase {
        case .running:
            if let meter { set.limit(to: meter.nextLook) }
            if let look = memoryKills?.nextLook { set.limit(to: look) }
        case .killing(let killer): set.limit(to: killer.nextRound)
        // There is more to remove; everything else gets its turn in between.
        case .sweeping: set.limit(to: 0)
        case .draining, .ended: break
        }
    }

    /// Takes note of dead children.
    func note(_ round: Reaper.Round, now: Nanos) {
        for death in round.deaths {
            if death.pid == started?.pid, case .running = phase {
                facts.waitStatus = death.status
                facts.usage = death.usage
                facts.wallMicros = (now - startedAt) / 1000
                feeder = nil
                phase = .killing(LeftoverKiller(now: now))
            } else if death.status & 0x7f == SIGKILL, !wasKilled(death.pid) {
                facts.signalledChildren += 1
            }
        }
        if case .killing(let killer) = phase, round.childless { finishKilling(killer) }
    }

    /// Kills, moves output, and finds the end. Never blocks.
    func turn(now: Nanos, connected: Bool) {
        feeder?.feed()
        if case .running = phase {
            meter?.look(now: now)
            memoryKills?.look(now: now) { counters.oomKills }
        }
        if case .killing(var killer) = phase {
            killer.act(now: now)
            phase = .killing(killer)
            if killer.isHopeless(now: now) {
                isStuck = true
                finishKilling(killer)
            }
        }
        var writersGone = false
        if case .draining = phase { writersGone = true }
        pump?.pump(into: &journal, connected: connected, writersGone: writersGone, now: now)
        if writersGone, pump?.isFinished ?? true { phase = .sweeping(ScratchSweep(scratch, now: now)) }
        if case .sweeping(let sweep) = phase { go(on: sweep, now: now) }
    }

    private func go(on sweep: ScratchSweep, now: Nanos) {
        var sweep = sweep
        switch sweep.step(now: now) {
        case .more: phase = .sweeping(sweep)
        case .clean: end()
        case .hopeless:
            isStuck = true
            end()
        }
    }

    private func start(_ request: RunRequest, _ surroundings: Surroundings) throws(StartFailureError) {
        if let failure = StartFailures.invalid(request) { throw StartFailureError(failure) }
        let environment = TaskEnvironment.compose(
            base: surroundings.baseEnvironment, request: request.environment,
            agentDirectory: request.mergePath ? surroundings.agentDirectory : nil, socket: surroundings.localSocket)
        masker = try SecretNeedles.masker(request)
        let streams = try Self.streams(request.stdin, surroundings.sinks, masker)
        let command = ProcessSpawner.Command(
            arguments: request.argv, environment: environment, workingDirectory: request.workingDirectory,
            input: streams.input, output: streams.output, error: streams.error)
        let pid = try surroundings.oomScore.whileRaised { () throws(StartFailureError) in
            try ProcessSpawner.spawn(command)
        }
        started = Started(attempt: reference, pid: pid, startedAtNanos: Clock.wall())
        pump = streams.pump
        feeder = streams.feeder
        feeder?.feed()
    }

    private struct Streams {
        var pump: OutputPump
        var output: Descriptor
        var error: Descriptor
        var feeder: InputFeeder?
        var input: Descriptor?
    }

    private static func streams(
        _ stdin: [UInt8]?, _ sinks: [TeeSink], _ masker: SecretMasker
    ) throws(StartFailureError) -> Streams {
        do {
            let (pump, output, error) = try OutputPump.make(sinks: sinks, masker: masker)
            var streams = Streams(pump: pump, output: output, error: error)
            if let stdin { (streams.feeder, streams.input) = try InputFeeder.make(stdin) }
            return streams
        } catch {
            throw StartFailureError(StartFailures.system(error))
        }
    }

    private func wasKilled(_ pid: pid_t) -> Bool {
        if case .killing(let killer) = phase { killer.killed.contains(pid) } else { false }
    }

    private func finishKilling(_ killer: LeftoverKiller) {
        facts.leftoverProcesses = killer.killed.count
        phase = .draining
    }

    private func end() {
        pump = nil
        if let before = oomKillsBefore, let after = counters.oomKills { facts.oomKills = max(0, after - before) }
        facts.memoryPeakBytes = counters.memoryPeak
        facts.pidsPeak = counters.pidsPeak
        facts.cgroup = meter?.end()
        facts.outputBytes = journal.end
        phase = .ended(facts)
    }
}
