package import Settings
package import TaskModel
package import TaskStore

/// What the settings mean for a store with so many tasks. Pure.
package enum RetentionRules {
    /// States of tasks that need nobody any more.
    package static let ended: Set<TaskState> = [.complete, .cancelled, .resolvedManually]

    /// What may go; of the states in `only`, of all when that is `nil`.
    package static func rules(
        _ settings: RetentionSettings, counts: [QueueCount], only: Set<TaskState>? = nil
    ) -> [PruneRule] {
        func surplus(_ states: Set<TaskState>, _ most: Int) -> Int {
            max(0, counts.reduce(0) { $0 + (states.contains($1.state) ? $1.count : 0) } - most)
        }
        let rules = [
            PruneRule([.complete, .resolvedManually], minAge: settings.complete),
            PruneRule([.cancelled], minAge: settings.cancelled),
            PruneRule(ended, minAge: nil, surplus: surplus(ended, settings.maxEnded)),
            PruneRule(
                [.error], minAge: settings.deadLetters, surplus: surplus([.error], settings.maxDeadLetters)),
        ]
        guard let only else { return rules }
        return rules.map { rule in
            var rule = rule
            rule.states.formIntersection(only)
            return rule
        }
    }

    /// How long ago tasks that the store does not know must have been submitted at least for their directories to go: they
    /// were forgotten, here or by another host, or, where the state directory was used with other stores too, may be alive
    /// there.
    static func orphanAge(_ settings: RetentionSettings, isOnlyStore: Bool) -> Duration? {
        let ages = [settings.complete, settings.cancelled, settings.deadLetters]
        // For ever where anything is.
        guard isOnlyStore else { return ages.contains(nil) ? nil : ages.compactMap(\.self).max() }
        // Where nothing is forgotten by itself, people do it.
        return ages.compactMap(\.self).min() ?? .seconds(7 * 86_400)
    }
}
