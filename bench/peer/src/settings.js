// The settings: the peer reads the variables that the product reads.

const environment = process.env;

export const settings = {
  host: environment.HOST ?? '127.0.0.1',
  port: Number(environment.PORT ?? 3000),
  databaseUrl: environment.DATABASE_URL,
  redisUrl: environment.REDIS_URL,
  jwtSecret: environment.JWT_SECRET,
  workers: Number(environment.WEB_CONCURRENCY ?? 1),
};
