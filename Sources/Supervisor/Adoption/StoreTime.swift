package import Foundation
package import Settings
package import TaskModel
internal import TaskStore

/// What time it is by the clock of a store, which says how long ago its supervisors were seen. This host's clock may say
/// anything beside that of a server.
package actor StoreTime {
    private let settings: StoreSettings
    /// How far the server's clock is ahead of this host's, in seconds, once it was asked.
    private var skew: Double?

    /// The clock of the store that `settings` name.
    package init(_ settings: StoreSettings) { self.settings = settings }

    /// Asks a server once, over a connection of its own; `nil` when it does not answer.
    package func now() async -> Date? {
        guard settings.backend == .postgresql else { return SystemStoreClock().now() }
        if skew == nil { skew = try? await PostgresDatabase(url: settings.connectionText).inspect().clockSkew }
        return skew.map { Date(timeIntervalSinceNow: $0) }
    }

    /// As `now`, but asks nobody where this host's clock says that some supervisor was seen within `lease`: then that is
    /// late enough.
    package func now(supervisors: [SupervisorRecord], lease: Duration, here: Date = Date()) async -> Date? {
        guard let newest = supervisors.map(\.seenAt).max() else { return nil }
        let isClose = abs(here.timeIntervalSince(newest)) <= lease / .seconds(1)
        return isClose && settings.backend == .postgresql ? newest : await now()
    }
}

extension [SupervisorRecord] {
    /// Those that live: they were seen within `lease`. A row outlives a supervisor that was killed.
    ///
    /// - Parameter now: by the store's clock. Without it the time is when the last of all was seen, so that of those who
    ///   may all be dead the last is believed to live.
    package func living(within lease: Duration, at now: Date?) -> [SupervisorRecord] {
        guard let newest = map(\.seenAt).max() else { return [] }
        let now = Swift.max(now ?? newest, newest)
        return filter { now.timeIntervalSince($0.seenAt) <= lease / .seconds(1) }
    }
}
