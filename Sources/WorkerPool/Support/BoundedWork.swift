/// Does the same thing to many values, some of them at once.
package enum BoundedWork {
    /// The results in the order of the values; at most `width` are worked on at any time.
    package static func map<Value: Sendable, Result: Sendable>(
        _ values: [Value], width: Int, _ body: @escaping @Sendable (Value) async -> Result
    ) async -> [Result] {
        await withTaskGroup(of: (Int, Result).self) { group in
            var next = 0
            func add() {
                guard next < values.count else { return }
                let index = next
                next += 1
                group.addTask { (index, await body(values[index])) }
            }
            for _ in 0..<max(1, width) { add() }
            var results: [Int: Result] = [:]
            while let (index, result) = await group.next() {
                results[index] = result
                add()
            }
            return values.indices.compactMap { results[$0] }
        }
    }
}
