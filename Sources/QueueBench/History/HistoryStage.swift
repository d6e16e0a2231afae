internal import Foundation
internal import Glibc
internal import TaskModel
internal import TaskStore

/// The processes of a run.
struct HistoryStage {
    private struct Place {
        let file: String
        let share: Int
        var process: Process
        /// Until when it is stopped.
        var pausedUntil: ContinuousClock.Instant?
    }

    private let run: HistoryRun
    private var random: SeededRandom
    private var places: [Place] = []
    private var sleeper: HistorySleeper?

    /// Starts the supervisors.
    init(_ run: HistoryRun) throws {
        self.run = run
        random = SeededRandom(run.seed)
        try FileManager.default.createDirectory(atPath: run.directory, withIntermediateDirectories: true)
        for index in 0..<run.plan.supervisors {
            let share = run.plan.tasks / run.plan.supervisors + (index < run.plan.tasks % run.plan.supervisors ? 1 : 0)
            let file = "\(run.directory)/history-\(index)"
            do {
                places.append(Place(file: file, share: share, process: try start(file, share, sleeps: index == 0)))
            } catch {
                end()
                throw error
            }
        }
        sleeper = places.first.map { HistorySleeper(file: $0.file, process: $0.process.processIdentifier) }
    }

    /// The same program, with what is left of its share.
    private mutating func start(_ file: String, _ share: Int, sleeps: Bool = false) throws -> Process {
        let accepted = HistoryFile.read(file).filter { $0.kind == .submit }.count
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = [
            "history", "worker", "--store", run.options.store, "--connections", "\(run.options.connections)",
            "--file", file, "--share", "\(max(0, share - accepted))", "--slots", "\(run.plan.slots)",
            "--lease", "\(run.plan.lease / .seconds(1))", "--seed", "\(random.next())",
        ]
        if sleeps { process.arguments?.append("--sleeps") }
        process.standardOutput = FileHandle.standardError
        try process.run()
        return process
    }

    /// Kills and pauses at random; not the one that sleeps.
    mutating func makeTrouble(
        _ store: any TaskStore, until end: ContinuousClock.Instant, _ report: inout HistoryRun.Report
    ) async throws {
        while ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(.random(in: 50...400, using: &random)))
            let index = Int.random(in: 0..<places.count, using: &random)
            let isSpared = index == 0 && sleeper?.isDone == false
            if places[index].pausedUntil == nil, !isSpared {
                if Bool.random(using: &random) {
                    kill(places[index].process.processIdentifier, SIGKILL)
                    report.kills += 1
                } else {
                    // Mostly beyond the end of its leases, so that others take its tasks and it writes too late.
                    let length = run.plan.lease * Double.random(in: 0.3...2, using: &random)
                    kill(places[index].process.processIdentifier, SIGSTOP)
                    places[index].pausedUntil = .now + length
                    report.pauses += 1
                }
            }
            try await tend(store)
        }
        for index in places.indices { places[index].pausedUntil = places[index].pausedUntil.map { _ in .now } }
    }

    /// Lets those go on that were paused long enough, and starts others for those that have ended.
    private mutating func tend(_ store: any TaskStore) async throws {
        try await sleeper?.tend(store)
        for index in places.indices {
            if let until = places[index].pausedUntil, until <= .now {
                kill(places[index].process.processIdentifier, SIGCONT)
                places[index].pausedUntil = nil
            }
            if !places[index].process.isRunning {
                places[index].process = try start(places[index].file, places[index].share)
            }
        }
    }

    /// Waits until all was accepted and nothing is left to do.
    mutating func settle(_ store: any TaskStore, until deadline: ContinuousClock.Instant) async throws {
        while ContinuousClock.now < deadline {
            try await tend(store)
            let counts = try await store.counts()
            let isDone = counts.allSatisfy { $0.state == .complete }
            if isDone, counts.reduce(0, { $0 + $1.count }) >= run.plan.tasks, sleeper?.isDone != false, allAccepted {
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        // What isn't done is found by the checker.
    }

    private var allAccepted: Bool {
        places.allSatisfy { place in
            HistoryFile.read(place.file).filter { $0.kind == .submit }.count >= place.share
        }
    }

    /// Ends the processes.
    func end() {
        for place in places where place.process.isRunning {
            kill(place.process.processIdentifier, SIGKILL)
            place.process.waitUntilExit()
        }
    }

    /// What all of them wrote down.
    func records() -> [HistoryRecord] { places.flatMap { HistoryFile.read($0.file) } }
}
