package import TaskModel

/// Something that a store tells of by itself, at once but without warranty: whoever hears it looks, and whoever can't
/// afford to miss it looks now and then anyway.
package enum StoreSignal: Sendable, Equatable {
    /// Tasks may be had in these queues that could not be had before, now or later.
    case ready(queues: Set<String>)
    /// Somebody wants a task to stop that this supervisor runs.
    case cancelRequested
    /// Something may have been told that was not heard: the first word of each connection.
    case missed
    /// Nothing will be heard until `missed` comes; with the reason, in plain words and without credentials.
    case deaf(String)
}

extension TaskStore {
    /// Nothing: on one host the control socket tells of everything.
    package func hear(for supervisor: SupervisorID, _ heard: @Sendable (StoreSignal) -> Void) async {}
}
