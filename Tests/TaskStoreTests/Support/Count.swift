import Synchronization

/// A number that several tasks count.
final class Count: Sendable {
    private let value = Atomic<Int>(0)

    var now: Int { value.load(ordering: .relaxed) }

    func add(_ number: Int) { value.wrappingAdd(number, ordering: .relaxed) }
}
