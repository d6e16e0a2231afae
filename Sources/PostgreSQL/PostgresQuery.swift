/// A statement with its parameters. The text is prepared once for each connection, so it must be one of few.
package struct PostgresQuery: Sendable {
    /// With `$1`, `$2`, …
    package let sql: String
    /// In the order of their numbers.
    package let parameters: [PostgresValue]

    /// Makes a query.
    package init(_ sql: String, _ parameters: [PostgresValue] = []) {
        self.sql = sql
        self.parameters = parameters
    }
}
