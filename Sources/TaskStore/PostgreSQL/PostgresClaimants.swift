internal import PostgreSQL
internal import Synchronization
internal import TaskModel

/// A supervisor on a host, of which every attempt it claims keeps the number only.
struct PostgresClaimant: Hashable {
    let supervisor: SupervisorID
    let host: String
}

extension PostgresTaskStore {
    /// The number of a supervisor, which it is given before its first claim and keeps.
    func claimant(_ supervisor: SupervisorID, on host: String) async throws(StoreError) -> Int64 {
        let claimant = PostgresClaimant(supervisor: supervisor, host: host)
        if let known = claimants.withLock({ $0[claimant] }) { return known }
        let query = PostgresQuery(PostgresClaimantSQL.number, [.clean(supervisor.rawValue), .clean(host)])
        // Of two that are new at the same time one sees neither its own row nor that of the other.
        for _ in 0..<3 {
            let found = try await read(query, "claim") { row throws(PostgresError) in try row.int(0) }
            guard let number = found.first else { continue }
            claimants.withLock { $0[claimant] = number }
            return number
        }
        throw StoreError(.busy, "the supervisor got no number", operation: "claim", hint: "try again")
    }
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

    /// The name of a claimant.
    static func supervisor(_ number: String) -> String {
        "(SELECT c.supervisor FROM acode.claimant c WHERE c.number = \(number))"
    }

    /// The host of a claimant.
    static func host(_ number: String) -> String { "(SELECT c.host FROM acode.claimant c WHERE c.number = \(number))" }

    /// The numbers of the supervisors in `$n`, as an array.
    static func numbers(ofSupervisors parameter: Int) -> String {
        "ARRAY(SELECT c.number FROM acode.claimant c WHERE c.supervisor = ANY ($\(parameter)::text[]))"
    }
}
