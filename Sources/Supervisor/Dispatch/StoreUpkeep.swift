internal import Logging
internal import TaskStore

/// Has the store look after itself again and again, and tells people what it can't do alone.
struct StoreUpkeep: Sendable {
    let store: any TaskStore
    let metrics: SupervisorMetrics
    let logger: Logger

    /// Time between two looks while there is much to do; the others are rarer.
    private static let busy = Duration.seconds(1)
    private static let idle = Duration.seconds(10)

    /// Looks until the calling task is cancelled.
    func run() async {
        var news = UpkeepNews()
        var pause = Self.idle
        while (try? await Task.sleep(for: pause)) != nil {
            do {
                let health = try await store.lookAfter()
                metrics.lookedAfter(health)
                pause = health.vacuumed.isEmpty ? Self.idle : Self.busy
                for line in news.take(health) { logger.warning("\(line)") }
            } catch {
                // Whatever is wrong with the store, others say so: it can do without this for a while.
                logger.debug("the store could not look after itself", metadata: ["error.message": "\(error)"])
                pause = Self.idle
            }
        }
    }
}

/// Says each thing once when it begins and once when it is over.
struct UpkeepNews: Sendable {
    private var isNeglected = false
    private var hindrance: String?

    mutating func take(_ health: StoreHealth) -> [String] {
        var lines: [String] = []
        if !health.neglected.isEmpty, !isNeglected {
            isNeglected = true
            lines.append(
                "the tables \(health.neglected.joined(separator: ", ")) of the task store fill with dead rows, and only "
                    + "their owner may vacuum them; make this role a member of the owner's, or let autovacuum run often"
            )
        }
        switch (hindrance, health.hindrance) {
        case (nil, let new?):
            lines.append(
                "\(new.what) has been open for \(new.age.components.seconds) s; as long as it is, the database can't "
                    + "remove dead rows, and the queue gets slower; end it")
        case (_?, nil): lines.append("nothing keeps the database from removing dead rows any more")
        case (_, _): break
        }
        hindrance = health.hindrance?.what
        return lines
    }
}
