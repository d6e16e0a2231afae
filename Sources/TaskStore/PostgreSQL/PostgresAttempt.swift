/// The columns of an attempt, wherever it is kept: in the row of its lease while it runs, in that of its task when it was the
/// last, else in one of its own.
enum PostgresAttempt {
    /// What the row of a task says of its last attempt in any case, and when that ended.
    private static let ofTask = [
        "id", "attempt", "progress", "outcome", "exit_code", "reason", "worker", "started_at", "finished_at",
    ]
    /// What it says only of the attempt that ended it. The first is never absent from an attempt.
    private static let ofLast = [
        "claimed_at", "claimed_seq", "started_seq", "noted_at", "completed_seq", "ended_token", "claimant",
        "first_claimant", "wall_seconds", "cpu_seconds", "max_resident_bytes", "output_bytes", "output_dropped",
        "report", "result",
    ]
    /// What there is before the end.
    private static let ofLease: Set = [
        "id", "attempt", "progress", "worker", "started_at", "claimed_at", "claimed_seq", "started_seq", "noted_at",
        "claimant", "first_claimant",
    ]

    /// All of them, of a row that is named so.
    static func columns(of row: String) -> String { (ofTask + ofLast).map { "\(row).\($0)" }.joined(separator: ", ") }

    /// All of them as the lease `l` has them.
    static let columnsOfLease = (ofTask + ofLast).map { ofLease.contains($0) ? "l.\($0)" : "NULL" }
        .joined(separator: ", ")

    /// For the update of a task: keeps an attempt in its row when `condition` holds, else there is none.
    static func kept(from row: String, when condition: String) -> String {
        ofLast.map { "\($0) = CASE WHEN \(condition) THEN \(row).\($0) END" }.joined(separator: ", ")
    }

    /// For the update of a task that begins again.
    static let forgotten = ofLast.map { "\($0) = NULL" }.joined(separator: ", ")

    /// A part of a statement that gives attempts rows of their own.
    static func setAside(from rows: String, as name: String) -> String {
        """
        \(name) AS (
            INSERT INTO acode.attempt (\((ofTask + ofLast).joined(separator: ", ")))
            SELECT \(columns(of: "x")) FROM (\(rows)) AS x)
        """
    }
}
