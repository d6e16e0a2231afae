/// What a pass over the objects of a pool did with one of them.
package struct GarbageReport: Sendable, Equatable {
    /// What was done.
    package enum Action: String, Sendable {
        /// It stays.
        case kept
        /// It is gone.
        case removed
        /// It would be removed, if this were not a rehearsal.
        case wouldRemove = "would_remove"
        /// It should go and would not.
        case failed
    }

    /// The object.
    package var object: PoolObject
    /// What was done.
    package var action: Action
    /// Why, in plain words, with the cause of a failure.
    package var reason: String
}
