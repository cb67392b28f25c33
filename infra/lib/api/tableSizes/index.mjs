// Runs every hour (see tableSizes.ts): tells CloudWatch how large the tables are, which DynamoDB has no metric for.
// DynamoDB counts anew about every six hours.

/** The name space of the metrics. */
export const namespace = 'Snapinfra/Tables';

/**
 * Returns a line of CloudWatch's embedded metric format, from which CloudWatch makes metrics by itself, so that the function needs
 * no right to write any. `table` is what DescribeTable answers; an index that is being made has no size yet.
 */
export function metricLine(table, timestamp) {
  const indexes = table.GlobalSecondaryIndexes ?? [];
  return JSON.stringify({
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: [['TableName']],
          Metrics: [
            { Name: 'TableSizeBytes', Unit: 'Bytes' },
            { Name: 'IndexSizeBytes', Unit: 'Bytes' },
            { Name: 'ItemCount', Unit: 'Count' },
          ],
        },
      ],
    },
    TableName: table.TableName,
    TableSizeBytes: table.TableSizeBytes ?? 0,
    IndexSizeBytes: indexes.reduce((sum, { IndexSizeBytes: size = 0 }) => sum + size, 0),
    ItemCount: table.ItemCount ?? 0,
  });
}

/** Writes the sizes of the tables named in TABLE_NAMES. Rejects when one cannot be read, after the others were. */
export async function handler() {
  const { DynamoDBClient, DescribeTableCommand } = await import('@aws-sdk/client-dynamodb');
  const client = new DynamoDBClient({});
  const failures = [];
  for (const TableName of process.env.TABLE_NAMES.split(',')) {
    try {
      const { Table } = await client.send(new DescribeTableCommand({ TableName }));
      // Not console.log, which would put the time in front and hide the JSON.
      process.stdout.write(`${metricLine(Table, Date.now())}\n`);
    } catch (error) {
      failures.push(new Error(`${TableName}: ${error.message}`, { cause: error }));
    }
  }
  client.destroy();
  if (failures.length > 0) throw new AggregateError(failures, failures.map(({ message }) => message).join('; '));
}
