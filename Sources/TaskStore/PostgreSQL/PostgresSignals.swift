internal import PostgreSQL
internal import Synchronization
package import TaskModel

/// What stores tell each other through the server, on a channel for each kind of word.
enum PostgresSignal {
    /// The payload is the name of a queue.
    static let ready = "acode_ready"
    /// The payload is the id of the supervisor that runs the task.
    static let cancel = "acode_cancel"

    /// Characters of a queue's name that are sent, as the server refuses a payload of 8,000 bytes.
    static let payloadLength = 1900

    /// Announces the queues `$1`.
    static let announce = "SELECT \(announcing("queue")) FROM unnest($1::text[]) AS g (queue)"

    /// An expression that announces a queue.
    static func announcing(_ queue: String) -> String { "pg_notify('\(ready)', left(\(queue), \(payloadLength)))" }

    /// A scalar query that announces the queues of `rows`, which have the column `queue`, each once. It runs when something
    /// selects it.
    static func announcing(all rows: String) -> String {
        "(SELECT count(\(announcing("queue"))) FROM (SELECT DISTINCT queue FROM \(rows)) AS readied)"
    }
}

extension PostgresTaskStore {
    package func hear(for supervisor: SupervisorID, _ heard: @Sendable (StoreSignal) -> Void) async {
        let listener = PostgresListener(
            listenTarget, channels: [PostgresSignal.ready, PostgresSignal.cancel])
        defer { listener.close() }
        while let wake = await listener.next() {
            for signal in StoreSignal.all(in: wake, for: supervisor) { heard(signal) }
        }
    }

    /// Which of the queues that are about to get tasks to announce with them, and which later.
    func planAnnouncement(of queues: Set<String>) -> AnnouncementWindow.Plan {
        window.withLock { $0.plan(queues, at: .now) }
    }

    /// The statement that announces queues which are getting tasks, to go with those that bring them.
    func announcement(of queues: [String]) -> [PostgresQuery] {
        queues.isEmpty ? [] : [PostgresQuery(PostgresSignal.announce, [.texts(queues)])]
    }

    /// Announces queues a little later. Not awaited by those who submit: their tasks are stored, and who misses this word
    /// finds them at the next look.
    func announceLater(_ queues: Set<String>) {
        guard window.withLock({ $0.putOff(queues) }) else { return }
        let work = Task {
            var pause = AnnouncementWindow.length
            repeat {
                // What is left when the store is closed, it says itself.
                guard (try? await Task.sleep(for: pause)) != nil else { return }
                pause = await announceRest() ? AnnouncementWindow.length : min(pause * 2, .seconds(5))
            } while window.withLock { $0.goesOn() }
        }
        announcing.withLock { $0 = work }
    }

    /// Announces what was put off. Returns false when it couldn't, and it is put off again.
    func announceRest() async -> Bool {
        let queues = window.withLock { $0.rest(at: .now) }
        guard !queues.isEmpty else { return true }
        // Who hears of it has nothing from it after a crash.
        let words = [PostgresQuery(PostgresSQL.withoutFlush)] + announcement(of: queues)
        if (try? await pool.run(words, operation: "announce", timeout: .seconds(5))) != nil { return true }
        _ = window.withLock { $0.putOff(Set(queues)) }
        return false
    }
}

extension StoreSignal {
    /// What a wake means to a supervisor.
    static func all(in wake: PostgresWake, for supervisor: SupervisorID) -> [StoreSignal] {
        if let trouble = wake.trouble { return [.deaf(trouble.message)] }
        if wake.mayHaveMissed { return [.missed] }
        var signals: [StoreSignal] = []
        let ready = Set(wake.notices.filter { $0.channel == PostgresSignal.ready }.map(\.payload))
        // A name that had to be cut may be anybody's.
        if ready.contains(where: { $0.unicodeScalars.count >= PostgresSignal.payloadLength }) { return [.missed] }
        if !ready.isEmpty { signals.append(.ready(queues: ready)) }
        let mine = PostgresNotice(channel: PostgresSignal.cancel, payload: supervisor.rawValue)
        if wake.notices.contains(mine) { signals.append(.cancelRequested) }
        return signals
    }
}
