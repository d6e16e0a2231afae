/// What one worker may use at most.
package struct ResourceLimits: Codable, Sendable, Hashable {
    /// CPU cores; fractions allowed.
    package var cpus: Double
    /// Memory in MiB; swap is always off.
    package var memoryMb: Int
    /// Processes and threads together.
    package var pidsLimit: Int

    /// Makes limits; the defaults are those of the configuration: 1 core, 512 MiB, 100 processes.
    package init(cpus: Double = 1, memoryMb: Int = 512, pidsLimit: Int = 100) {
        self.cpus = cpus
        self.memoryMb = memoryMb
        self.pidsLimit = pidsLimit
    }

    /// Memory in bytes.
    package var memoryBytes: Int64 { Int64(memoryMb) << 20 }

    /// The limits of a worker for a task that asks for `request`: the request where it names a value, else these.
    /// Throws the list of values that are above these or below the smallest that works (6 MiB, 0.01 cores, 2 processes),
    /// or that are no numbers.
    package func applying(_ request: ResourceRequest) throws(ResourceRequestError) -> ResourceLimits {
        var problems: [String] = []
        func check<Value: Comparable>(_ name: String, _ asked: Value?, _ most: Value, _ least: Value) -> Value {
            guard let asked else { return most }
            // NaN is neither above nor below anything.
            if asked != asked { problems.append("\(name) \(asked) is not a number") }
            if asked > most { problems.append("\(name) \(asked) is above the pool's limit of \(most)") }
            if asked < least { problems.append("\(name) \(asked) is below the smallest that works, \(least)") }
            return asked
        }
        let limits = ResourceLimits(
            cpus: check("cpus", request.cpus, cpus, 0.01),
            memoryMb: check("memoryMb", request.memoryMb, memoryMb, 6),
            pidsLimit: check("pidsLimit", request.pidsLimit, pidsLimit, 2))
        guard problems.isEmpty else { throw ResourceRequestError(problems: problems) }
        return limits
    }
}

/// The limits a task asks for; `nil` means the pool's.
package struct ResourceRequest: Codable, Sendable, Hashable {
    /// CPU cores.
    package var cpus: Double?
    /// Memory in MiB.
    package var memoryMb: Int?
    /// Processes and threads together.
    package var pidsLimit: Int?
    /// Disk in MiB.
    package var diskMb: Int?

    /// Makes a request.
    package init(cpus: Double? = nil, memoryMb: Int? = nil, pidsLimit: Int? = nil, diskMb: Int? = nil) {
        self.cpus = cpus
        self.memoryMb = memoryMb
        self.pidsLimit = pidsLimit
        self.diskMb = diskMb
    }
}

/// A task asked for limits that its pool can't give.
package struct ResourceRequestError: Error, Equatable, CustomStringConvertible {
    /// One sentence a value, with both numbers.
    package let problems: [String]

    /// Makes an error of at least one sentence.
    package init(problems: [String]) { self.problems = problems }

    package var description: String { problems.joined(separator: "; ") }
}
