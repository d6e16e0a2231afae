/// What a store found when it looked after itself.
package struct StoreHealth: Sendable, Equatable {
    /// What keeps old versions of rows from being removed, so that each look at the queue costs more and more.
    package struct Hindrance: Sendable, Equatable {
        /// Who or what, in plain words.
        package let what: String
        /// For how long already.
        package let age: Duration

        /// Makes one.
        package init(what: String, age: Duration) {
            self.what = what
            self.age = age
        }
    }

    /// Tables that were full of old versions of rows and were cleaned now, or that somebody else was just cleaning.
    package var vacuumed: [String] = []
    /// Tables that need it and that this program has no right to clean.
    package var neglected: [String] = []
    /// The oldest hindrance that is worth telling.
    package var hindrance: Hindrance?

    /// Makes one that found nothing.
    package init() {}
}

extension TaskStore {
    /// Nothing has to be done.
    package func lookAfter() async throws(StoreError) -> StoreHealth { StoreHealth() }
}
