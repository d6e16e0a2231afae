package import Settings

extension RecyclePolicy {
    /// Whether a worker is to be replaced now that its `attempts`-th attempt has ended.
    package func recycles(afterAttempts attempts: Int, succeeded: Bool) -> Bool {
        switch self {
        case .never: false
        case .onFailure: !succeeded
        case .afterTasks(let most): !succeeded || attempts >= most
        case .always: true
        }
    }
}
