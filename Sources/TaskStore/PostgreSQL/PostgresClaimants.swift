internal import PostgreSQL
internal import Synchronization
internal import TaskModel

/// A supervisor on a host, of which every attempt it claims keeps the number only.
struct PostgresClaimant: Hashable {
    let supervisor: SupervisorID
    let host: String
}

extension PostgresTaskStore {
    /// The number of a supervisor, which it is given before its first claim and keeps. A claim looks whether it still has
    /// it: a server that went on from an older state may have given it to another.
    func number(of claimant: PostgresClaimant) async throws(StoreError) -> Int64 {
        if let known = claimants.withLock({ $0[claimant] }) { return known }
        let query = PostgresQuery(
            PostgresClaimantSQL.number, [.clean(claimant.supervisor.rawValue), .clean(claimant.host)])
        // Of two that are new at the same time one sees neither its own row nor that of the other.
        for _ in 0..<3 {
            let found = try await read(query, "claim") { row throws(PostgresError) in try row.int(0) }
            guard let number = found.first else { continue }
            claimants.withLock { $0[claimant] = number }
            return number
        }
        throw StoreError(.busy, "the supervisor got no number", operation: "claim", hint: "try again")
    }

    /// Makes the next claim ask for the number.
    func forget(_ claimant: PostgresClaimant) { claimants.withLock { _ = $0.removeValue(forKey: claimant) } }
}

/// The statements about supervisors that claim.
enum PostgresClaimantSQL {
    /// `$1` the supervisor, `$2` its host.
    static let number = """
        WITH made AS (
            INSERT INTO acode.claimant (supervisor, host) SELECT $1::text, $2::text
            WHERE NOT EXISTS (SELECT FROM acode.claimant c WHERE c.supervisor = $1 AND c.host = $2)
            ON CONFLICT (supervisor, host) DO NOTHING RETURNING number)
        SELECT number::bigint FROM made
        UNION ALL SELECT number::bigint FROM acode.claimant c WHERE c.supervisor = $1 AND c.host = $2
        """

    /// Whether the number `$5` is that of the supervisor `$20` on host `$21`.
    static let isKnown = """
        known AS MATERIALIZED (
            SELECT EXISTS (SELECT FROM acode.claimant c
                WHERE c.number = $5::integer AND c.supervisor = $20::text AND c.host = $21::text) AS is_there)
        """

    /// The name of a claimant.
    static func supervisor(_ number: String) -> String {
        "(SELECT c.supervisor FROM acode.claimant c WHERE c.number = \(number))"
    }

    /// The host of a claimant; a server that was restored from an older state may have forgotten it.
    static func host(_ number: String) -> String {
        "coalesce((SELECT c.host FROM acode.claimant c WHERE c.number = \(number)), '\(unknownHost)')"
    }

    /// What stands for a host that nobody knows any more.
    static let unknownHost = "an unknown host"

    /// The numbers of the supervisors in `$n`, as an array.
    static func numbers(ofSupervisors parameter: Int) -> String {
        "ARRAY(SELECT c.number FROM acode.claimant c WHERE c.supervisor = ANY ($\(parameter)::text[]))"
    }
}
