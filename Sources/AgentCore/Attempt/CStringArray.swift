/// Strings as C wants them for `argv` and `environ`.
enum CStringArray {
    /// Runs `body` with a nil-terminated array of C strings that live as long as the call. One block of memory holds all.
    static func with<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var block: [CChar] = []
        var starts: [Int] = []
        block.reserveCapacity(strings.reduce(0) { $0 + $1.utf8.count + 1 })
        starts.reserveCapacity(strings.count)
        for string in strings {
            starts.append(block.count)
            block.append(contentsOf: string.utf8.lazy.map { CChar(bitPattern: $0) })
            block.append(0)
        }
        return block.withUnsafeMutableBufferPointer { block in
            withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<CChar>?.self, capacity: starts.count + 1) {
                pointers in
                for (index, start) in starts.enumerated() {
                    pointers.initializeElement(at: index, to: block.baseAddress.map { $0 + start })
                }
                pointers.initializeElement(at: starts.count, to: nil)
                return body(UnsafePointer(pointers.baseAddress.unsafelyUnwrapped))
            }
        }
    }
}
