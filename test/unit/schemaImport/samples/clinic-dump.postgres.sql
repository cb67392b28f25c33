--
-- PostgreSQL database dump
--
\restrict kZ3x
SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;
CREATE DOMAIN public.score AS integer CONSTRAINT score_check CHECK ((VALUE > 0));
ALTER DOMAIN public.score OWNER TO postgres;
CREATE FUNCTION public.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$ BEGIN; CREATE TABLE no_table (a int); RETURN NEW; END; $_$;
CREATE TABLE public.patients (
    id integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    rating public.score,
    initials text GENERATED ALWAYS AS ("left"(name, 1)) STORED,
    CONSTRAINT patients_name CHECK ((length(name) > 1))
);
ALTER TABLE public.patients OWNER TO postgres;
CREATE SEQUENCE public.patients_id_seq AS integer START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;
ALTER TABLE public.patients_id_seq OWNER TO postgres;
ALTER SEQUENCE public.patients_id_seq OWNED BY public.patients.id;
CREATE TABLE clinic.visits (
    patient_id integer NOT NULL,
    on_day date NOT NULL,
    room integer
) PARTITION BY RANGE (on_day);
CREATE TABLE clinic.visits_2024 (patient_id integer NOT NULL, on_day date NOT NULL, room integer);
ALTER TABLE ONLY clinic.visits ATTACH PARTITION clinic.visits_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE public.emergencies (cause text) INHERITS (public.patients);
ALTER TABLE ONLY public.patients ALTER COLUMN id SET DEFAULT nextval('public.patients_id_seq'::regclass);
COPY public.patients (id, name) FROM stdin;
1	It's; "unbalanced
2	\\. CREATE TABLE no_table (a int);
\.

ALTER TABLE ONLY public.patients
    ADD CONSTRAINT patients_pkey PRIMARY KEY (id);
ALTER TABLE ONLY clinic.visits_2024
    ADD CONSTRAINT visits_2024_pkey PRIMARY KEY (patient_id, on_day);
CREATE UNIQUE INDEX patients_lower ON public.patients USING btree (lower(name));
CREATE UNIQUE INDEX visits_room ON clinic.visits USING btree (room) WHERE (room > 0);
CREATE INDEX visits_day ON clinic.visits USING btree (on_day DESC) INCLUDE (room);
ALTER TABLE clinic.visits
    ADD CONSTRAINT visits_patient FOREIGN KEY (patient_id) REFERENCES public.patients(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE clinic.visits ADD CONSTRAINT visits_room FOREIGN KEY (room) REFERENCES public.rooms(id);
ALTER TABLE ONLY public.patients ADD CONSTRAINT no_overlap EXCLUDE USING gist (name WITH =);
CREATE TRIGGER touch BEFORE UPDATE ON public.patients FOR EACH ROW EXECUTE FUNCTION public.touch();
CREATE VIEW public.names AS SELECT patients.name FROM public.patients;
ALTER TABLE public.patients ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON public.patients;
GRANT SELECT ON TABLE public.patients TO reader;
COMMENT ON VIEW public.names IS 'Names only';
INSERT INTO public.patients VALUES (3, E'It\'s; x');
DO $$ BEGIN PERFORM 1; END $$;
\unrestrict kZ3x
