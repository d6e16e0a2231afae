internal import Synchronization

/// The signal that forced an end, if one did.
final class Forced: Sendable {
    private let value = Mutex<Int32?>(nil)

    /// Its number.
    var signal: Int32? {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
