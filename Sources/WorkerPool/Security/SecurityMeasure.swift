/// One measure that keeps a worker in its place: what was wanted, and what is in force.
package struct SecurityMeasure: Sendable, Equatable {
    /// How the two compare.
    package enum Verdict: String, Sendable, Codable {
        /// What was wanted is in force.
        case holds
        /// It is not.
        case missing
        /// It can't be seen from here.
        case unknown
        /// Nothing in particular was wanted; this is how it is.
        case shown
    }

    /// What it is about, in a word or two.
    package var name: String
    /// What was wanted.
    package var wanted: String
    /// What the engine or the kernel says.
    package var inForce: String
    /// How the two compare.
    package var verdict: Verdict
    /// One plain sentence, where something is not as wanted or can't be known.
    package var remark: String?

    /// Makes a measure.
    package init(_ name: String, wanted: String, inForce: String, _ verdict: Verdict, _ remark: String? = nil) {
        self.name = name
        self.wanted = wanted
        self.inForce = inForce
        self.verdict = verdict
        self.remark = remark
    }

    /// A measure whose two sides must be equal; `nil` in force can't be seen.
    init(_ name: String, wanted: String, inForce: String?, orElse remark: String) {
        guard let inForce else {
            self.init(name, wanted: wanted, inForce: "?", .unknown, "\(name): this can't be seen from here")
            return
        }
        let holds = wanted == inForce
        self.init(name, wanted: wanted, inForce: inForce, holds ? .holds : .missing, holds ? nil : remark)
    }
}
